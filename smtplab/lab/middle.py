"""Someone in the middle of a connection: two legs, and whoever joins them reads and may write.

To the client they are the server, to the server the client. Each leg is a connection with a transcript
of its own, so that what each end saw is on record. `Middle` passes everything on as it is; what an
attacker does differently is a subclass in `mallory`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context

from ..mail.transcript import Side, Transcript
from .ear import Ear
from .ends import ClientEnd
from .recording import CURRENT
from .tunnel import Tunnel
from .wire import Lane, Wire

OnReply = Callable[[bytes], None]


class ServerLeg(Wire):
    """The leg to the server. Unless `opened`, TLS runs through from client to server.

    What was said under it is then known from the server alone, and is said on both legs.
    """

    def __init__(self, transcript: Transcript, latency: Callable[[], float], middle: Middle) -> None:
        super().__init__(transcript, latency)
        self.middle = middle
        self.client = _MiddleEnd(self, middle)
        self.lanes[Side.SERVER] = Lane(self.client.write, latency)
        self.opened = False
        self.made_up: list[tuple[bytes, str]] = []  # what the client will not have said, and its note

    def tls_begins(self) -> None:
        super().tls_begins()
        if self.opened:
            asyncio.get_running_loop().call_soon(self.middle.server_begins_tls)
        else:
            self.middle.near.tls_begins()

    def tls_stands(self, note: str) -> None:
        super().tls_stands(note)
        if not self.opened:
            self.middle.near.add(Side.SERVER, kind="tls", tls=True, note=note)
            self.middle.near.transcript.keylog += self.transcript.keylog

    def said(self, side: Side, data: bytes) -> None:
        if not self.opened:
            super().said(side, data)
            self.middle.near.said(side, data)
            return
        mine = side is Side.CLIENT and self.made_up and self.made_up[0][0] == data
        note = self.made_up.pop(0)[1] if mine else ""
        self.add(side, data, wire=False, tls=True, note=note)

    def closing(self, side: Side, note: str) -> None:
        super().closing(side, note)
        if side is Side.SERVER:
            self.middle.near.closing(side, note)


class _MiddleEnd(ClientEnd):
    """The client's end of the server's leg. Its `transport` is the client's, for flow control."""

    def __init__(self, wire: Wire, middle: Middle) -> None:
        super().__init__(wire)
        self.middle = middle
        self.transport = middle.near.client.transport

    def write(self, data: bytes) -> None:
        self.middle.from_server(data)

    def close(self) -> None:
        self.middle.server_gone()
        self._end()

    def abort(self) -> None:
        self.middle.near.server.abort()
        self._end()

    def _end(self) -> None:
        self.gone = True
        self.wire.end()


class Middle(asyncio.Protocol):
    """Between the client's leg (`near`) and the server's (`far`): passes everything on."""

    def __init__(self, near: Wire, there: Transcript, latency: Callable[[], float]) -> None:
        self.near = near
        self.far = ServerLeg(there, latency, self)
        here = near.transcript
        here.leg, here.twin = "client", there
        there.leg, there.twin = "server", here
        self.far.on_silence = near.fall_silent  # the client waits in vain for what the server does not say
        self.ear = Ear()
        self.deaf = False  # nothing can be told from what passes, or nobody wants to
        self.near_tls: Tunnel | None = None
        self.far_tls: Tunnel | None = None
        # What the client gets, in order: who takes the server's next reply, or a reply made up and its note.
        self.owed: deque[OnReply | tuple[bytes, str]] = deque([self.to_client])
        self._server_waits = False  # for the first octets of a TLS handshake
        self._eof = False
        near.server.join(self)

    # what an attacker does differently ----------------------------------------------------------

    def command(self, verb: bytes, line: bytes) -> None:
        """The client said a command."""
        self.pass_on(line)

    def implicit(self) -> None:
        """TLS is there from the first octet on: nothing of SMTP is in sight."""
        self.pass_the_rest()

    # to do it with ------------------------------------------------------------------------------

    def pass_on(self, line: bytes, then: OnReply | None = None) -> None:
        """Hand a command on to the server; `then` takes the reply in place of the client."""
        self.owed.append(then or self.to_client)
        self.to_server(line)

    def ask(self, line: bytes, then: OnReply, note: str) -> None:
        """Say a command of one's own, before the client says another; `then` takes the reply."""
        self.ear.hold = True
        self.owed.appendleft(then)
        self.to_server(line, note)

    def answer(self, reply: bytes, note: str) -> None:
        """Give the client a reply of one's own, once it has those that come before."""
        self.owed.append((reply, note))
        self._make_up()

    def to_server(self, data: bytes, note: str = "") -> None:
        """Say `data` to the server. A `note` marks what the client did not say."""
        if self.far_tls:
            if note:
                self.far.made_up.append((data, note))
            self.far_tls.say(data)
        elif data and not self.far.server.is_closing():
            self.far.carry(Side.CLIENT, data, note)

    def to_client(self, data: bytes, note: str = "") -> None:
        """Say `data` to the client. A `note` marks what the server did not say."""
        if self.near_tls:
            self.near_tls.say(data)
        elif data and not self.near.server.is_closing():
            self.near.carry(Side.SERVER, data, note)

    def pass_the_rest(self) -> None:
        """From here on hand everything on, unread or at least unchanged."""
        self.deaf = True
        client, server = self.ear.rest()
        self.to_server(client)
        self.to_client(server)

    def end_tls(self, context: ssl.SSLContext) -> None:
        """Be the server of the client's TLS, with the certificate in `context`."""
        self.near_tls = Tunnel(context, lambda data: self.near.carry(Side.SERVER, data))
        own = copy_context()
        own.run(CURRENT.set, self.near)
        own.run(self.near_tls.start)

    def begin_tls(self, context: ssl.SSLContext, then: Callable[[], None] = lambda: None) -> None:
        """Speak TLS with the server from here on; `then` is called when it stands.

        Set `far.opened` before the server can begin.
        """
        self.far_tls = Tunnel(
            context, lambda data: self.far.carry(Side.CLIENT, data), self.far.transcript.server.host
        )
        self.far_tls.on_open = then
        if self._server_waits:
            self.server_begins_tls()

    def server_begins_tls(self) -> None:
        """The server is ready for the handshake."""
        self._server_waits = True
        if self.far_tls and not self.far_tls.is_open:
            with self._careful():
                self.far_tls.start()

    # what passes --------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        with self._careful():
            self._from_client(self.near_tls.feed(data) if self.near_tls else data)
            if self.near_tls and self.near_tls.is_over:
                self.eof_received()

    def _from_client(self, data: bytes) -> None:
        if self.deaf:
            self.to_server(data)
            return
        for verb, octets in self.ear.client(data):
            if verb == b".":
                self.pass_on(octets)
            elif verb:
                self.command(verb, octets)
            else:
                self.to_server(octets)

    def from_server(self, data: bytes) -> None:
        """The server sent `data`."""
        with self._careful():
            said = self.far_tls.feed(data) if self.far_tls else data
            if self.deaf:
                self.to_client(said)
            else:
                for reply in self.ear.server(said):
                    self._reply(reply)
                self.go_on()

    def _reply(self, reply: bytes) -> None:
        then = self.owed.popleft() if self.owed else self.to_client
        if not self.owed:  # it answers the last command, which may be one that decides what follows
            self.ear.answered(reply[:3])
        assert not isinstance(then, tuple)
        then(reply)
        self._make_up()

    def _make_up(self) -> None:
        while self.owed and isinstance(made_up := self.owed[0], tuple):
            self.owed.popleft()
            self.to_client(*made_up)

    def go_on(self) -> None:
        """Listen to what the client said meanwhile."""
        self._from_client(b"")
        self._pass_eof()

    # the end ------------------------------------------------------------------------------------

    def eof_received(self) -> bool:
        self._eof = True
        self._pass_eof()
        return True  # what the server still says must get through

    def _pass_eof(self) -> None:
        """Tell the server that nothing follows, once it has what came before."""
        if self._eof and not self.ear.waits:
            self._eof = False
            self.to_server(self.ear.rest()[0])
            if self.far_tls:
                self.far_tls.close()
            self.far.closing(Side.CLIENT, "closed the connection")
            self.far.lanes[Side.CLIENT].finish(self.far.server.feed_eof)

    def server_gone(self) -> None:
        """The server has closed: so does the one in the middle."""
        self.to_client(self.ear.rest()[1])
        if self.near_tls:
            self.near_tls.close()
        self.near.server.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.far.closing(Side.CLIENT, "reset the connection" if error else "closed the connection")
        self.far.server.abort()

    def pause_writing(self) -> None:
        self.far.server.flow(paused=True)

    def resume_writing(self) -> None:
        self.far.server.flow(paused=False)

    @contextlib.contextmanager
    def _careful(self) -> Iterator[None]:
        """Where TLS breaks on one leg, nothing is left to do on either; the transcript says why."""
        try:
            yield
        except ssl.SSLError:
            self.near.server.abort()
