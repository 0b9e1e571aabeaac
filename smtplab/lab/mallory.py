"""Mallory on the wire: what someone in the middle of a connection can do to SMTP, and leave on record.

    lab.mallory.strip_starttls("mx.birch.example")          # RFC 3207 §6: takes STARTTLS out of the offers
    lab.mallory.inject("mail.acorn.example", 587, "RSET")   # commands behind STARTTLS, in clear
    lab.mallory.impersonate("mx.birch.example")             # ends the client's TLS, and begins her own
    lab.mallory.stop()

She sits on a host's port, whoever connects to it. What she does happens to real bytes: each connection has
then two transcripts, the client's leg and the server's, and what she wrote in another's name is marked
there. She breaks no cipher: where TLS runs past her she sees what any listener sees.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

from ..mail.errors import LabError
from ..mail.text import encode
from ..mail.transcript import Side, Transcript
from .certificates import Pretence
from .middle import Middle, ServerLeg
from .network import Network
from .recording import Recording
from .tap import Tap
from .wire import Wire

if TYPE_CHECKING:
    from .world import World

M = TypeVar("M", bound=Middle)

NAME = "Mallory"
HER_HOST = "mail.mallory.example"

REFUSALS = {
    454: b"454 4.7.0 TLS not available due to temporary reason\r\n",  # RFC 3207 §4
    502: b"502 5.5.1 Command not implemented\r\n",
}
STRIPPED = f"{NAME} took STARTTLS out of this reply"
_OFFER = re.compile(rb"250[ -]STARTTLS(?![A-Z0-9-])", re.IGNORECASE)


class Stripper(Middle):
    """Takes STARTTLS out of what the server offers, and refuses it in the server's name.

    With `onward` (a client's TLS context) she speaks TLS to the server herself, so that one which insists on
    TLS is content, and hands the client in clear what it says: AUTH is then offered, and used, in clear.
    """

    refusal = REFUSALS[502]
    onward: ssl.SSLContext | None = None
    hello = b""

    def command(self, verb: bytes, line: bytes) -> None:
        if verb == b"STARTTLS":
            self.answer(self.refusal, f"{NAME} kept STARTTLS to herself, and answered in the server's name")
        elif verb == b"EHLO":
            self.hello = line
            self.ear.hold = bool(self.onward)  # what follows must not be said before her STARTTLS
            self.pass_on(line, self._offers)
        else:
            self.pass_on(line)

    def _offers(self, reply: bytes) -> None:
        """The reply to EHLO."""
        stripped = without_starttls(reply)
        if stripped != reply and self.onward and not self.far_tls:
            self.far.opened = True
            self.ask(b"STARTTLS\r\n", partial(self._asked, stripped), f"{NAME} asked for TLS of her own")
            return
        self.ear.hold = False
        if stripped != reply:
            self.to_client(stripped, STRIPPED)
        else:
            self.to_client(
                reply, f"{NAME} has this from the server under TLS of her own" if self.far_tls else ""
            )

    def _asked(self, stripped: bytes, reply: bytes) -> None:
        """The server's answer to her own STARTTLS; then EHLO is said again, as RFC 3207 §4.2 asks."""
        if reply.startswith(b"220") and self.onward:
            again = partial(self.ask, self.hello, self._offers, f"{NAME} said the client's EHLO again")
            self.begin_tls(self.onward, again)
        else:
            self.far.opened = self.ear.hold = False
            self.to_client(stripped, STRIPPED)


class Injector(Middle):
    """Adds `commands` behind the client's STARTTLS, in the same segment, and swallows what answers them.

    A server must forget what came in clear (RFC 3207 §4.2); one that does not takes it for the client's
    first words under TLS (CVE-2011-0411).
    """

    commands = b""

    def command(self, verb: bytes, line: bytes) -> None:
        if verb != b"STARTTLS":
            self.pass_on(line)
            return
        self.owed.append(self._agreed)
        note = f"{NAME} added this"
        self.far.add(Side.CLIENT, line, wire=False)
        self.far.add(Side.CLIENT, self.commands, wire=False, note=note)
        self.far.add(Side.CLIENT, line + self.commands, plain=False, note=note)
        self.far.lanes[Side.CLIENT].send(line + self.commands)

    def _agreed(self, reply: bytes) -> None:
        self.to_client(reply)
        if reply.startswith(b"220"):
            self.pass_the_rest()
        else:  # the server stays in clear, and answers each of her lines
            self.owed.extendleft([lambda reply: None] * self.commands.count(b"\n"))


class Impostor(Middle):
    """Ends the client's TLS with a certificate of her own, and speaks TLS to the server."""

    pretending: ssl.SSLContext
    onward: ssl.SSLContext

    def implicit(self) -> None:
        """TLS is there from the first octet on."""
        self.far.opened = True
        self._step_in()

    def command(self, verb: bytes, line: bytes) -> None:
        if verb == b"STARTTLS":
            self.far.opened = True
            self.pass_on(line, self._agreed)
        else:
            self.pass_on(line)

    def _agreed(self, reply: bytes) -> None:
        self.to_client(reply)
        if reply.startswith(b"220"):
            self._step_in()
        else:
            self.far.opened = False

    def _step_in(self) -> None:
        self.pass_the_rest()
        self.end_tls(self.pretending)
        self.begin_tls(self.onward)


class _Pretending(Recording):
    """Her end of the client's TLS."""

    def _note(self) -> str:
        return f"{super()._note()}, by {NAME}"


class Mallory:
    """What she does where. One thing at a time on a port: the latest counts, for connections to come."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._deeds: dict[tuple[str, int], str] = {}

    def strip_starttls(
        self, host: str, port: int = 25, *, code: Literal[454, 502] = 502, onward: bool = False
    ) -> None:
        """Take STARTTLS out of every EHLO reply of `host`, and answer the command itself with `code`.

        With `onward` she speaks TLS to the server herself. A server that wants TLS before AUTH then offers
        AUTH, and a client that falls back to clear text logs in, for her to read. Implicit TLS is safe from
        her. Raises LabError when nobody listens there, and for another code.
        """
        if code not in REFUSALS:
            raise LabError(f"A stripper answers STARTTLS with {' or '.join(map(str, REFUSALS))}, not {code}.")
        context = self._world.authority.client_context(check=False) if onward else None

        def sit(middle: Stripper) -> None:
            middle.refusal, middle.onward = REFUSALS[code], context

        self._sit(host, port, Stripper, sit, "strips STARTTLS")

    def inject(self, host: str, port: int, commands: str | bytes) -> None:
        """Add `commands` behind every STARTTLS that a client sends to `host`.

        Bytes go out as they are; of text each line gets its CRLF. What becomes of them is for the server to
        decide: see `careless_starttls` of the MTA. Raises LabError when nobody listens there.
        """
        if isinstance(commands, str):
            commands = b"".join(line + b"\r\n" for line in encode(commands).splitlines())

        def sit(middle: Injector) -> None:
            middle.commands = commands

        self._sit(host, port, Injector, sit, "injects commands behind STARTTLS")

    def impersonate(self, host: str, port: int = 25, *, kind: Pretence = "self-signed") -> None:
        """Be `host` to its clients and its clients to `host`, under TLS on both legs.

        `kind` is her certificate: "self-signed" or from an "unknown-ca", both in the host's name, or
        "wrong-name", from the CA that all trust but in her own. Raises LabError for another kind, and when
        nobody listens there.
        """
        name = self._world.network.host(host).name
        authority = self._world.authority
        context = self._world.record(authority.impostor_context(name, HER_HOST, kind))
        context.sslobject_class = _Pretending
        onward = authority.client_context(check=False)

        def sit(middle: Impostor) -> None:
            middle.pretending, middle.onward = context, onward

        self._sit(host, port, Impostor, sit, "impersonates the server")

    def stop(self) -> None:
        """Leave the wire. Connections that run through her are cut. Doing it twice is harmless."""
        self._deeds.clear()
        network, thread = self._world.network, self._world.thread
        for host in list(network.hosts.values()):
            for tap in network.taps(host):
                tap.middle = None
        if not thread.loop.is_closed():
            thread.run(_cut(network))

    @property
    def transcripts(self) -> list[Transcript]:
        """The client's leg of every connection that she sat in, oldest first; `twin` is the server's."""
        return [
            transcript for transcript in list(self._world.network.transcripts) if transcript.leg == "client"
        ]

    def _sit(self, host: str, port: int, kind: type[M], prepare: Callable[[M], None], deed: str) -> None:
        network = self._world.network
        place = network.tap(host, port)
        for tap in network.taps(place.host):
            if tap.port == port:
                tap.middle = partial(_seat, kind, prepare, tap)
        self._deeds[place.host.name, port] = deed

    def __repr__(self) -> str:
        deeds = "; ".join(f"{host}:{port} {deed}" for (host, port), deed in self._deeds.items())
        return f"<Mallory: {deeds or 'not on the wire'}>"


def _seat(
    kind: type[M],
    prepare: Callable[[M], None],
    tap: Tap,
    near: Wire,
    there: Transcript,
    latency: Callable[[], float],
) -> Wire:
    """Put her into one connection: the server's leg of it."""
    middle = kind(near, there, latency)
    prepare(middle)
    if tap.tls:
        middle.implicit()
    return middle.far


async def _cut(network: Network) -> None:
    """Cut every connection that has two legs, and wait until they are gone."""
    while wires := [wire for wire in network.wires() if isinstance(wire, ServerLeg) or wire.transcript.leg]:
        for wire in wires:
            wire.abort()
        await asyncio.sleep(0)


def without_starttls(reply: bytes) -> bytes:
    """An EHLO reply without the offer of STARTTLS; the last line that is left ends it (RFC 5321 §4.2.1)."""
    first, *offers = reply.split(b"\n")[:-1]
    left = [first, *(line for line in offers if not _OFFER.match(line))]
    if len(left) == len(offers) + 1:
        return reply
    left[-1] = left[-1][:3] + b" " + left[-1][4:]
    return b"\n".join(left) + b"\n"
