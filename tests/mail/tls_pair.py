"""Two ends of TLS in memory, by OpenSSL itself, and what a tap between them would have recorded."""

from __future__ import annotations

import ssl
from datetime import datetime
from functools import cache
from itertools import count

import trustme

from smtplab.mail.transcript import Endpoint, Event, Side, Transcript

NAME = "mx.birch.example"


@cache
def authority() -> trustme.CA:
    """One CA for all tests."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@cache
def certificate() -> trustme.LeafCert:
    """The server's certificate."""
    return authority().issue_cert(NAME, key_type=trustme.KeyType.ECDSA)


def server(**options: object) -> ssl.SSLContext:
    """A server's context; `options` are set on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate().configure_cert(context)
    return _with(context, options)


def client(**options: object) -> ssl.SSLContext:
    """A client's context; `options` are set on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return _with(context, options)


def _with(context: ssl.SSLContext, options: dict[str, object]) -> ssl.SSLContext:
    for name, value in options.items():
        if callable(method := getattr(context, name)):
            method(value)
        else:
            setattr(context, name, value)
    return context


class Pair:
    """A client and a server that have a wire between them, and the tap's transcript of it."""

    def __init__(
        self,
        client: ssl.SSLContext,
        server: ssl.SSLContext,
        *,
        name: str | None = NAME,
        session: ssl.SSLSession | None = None,
    ) -> None:
        self.transcript = Transcript(
            1,
            Endpoint("mail.acorn.example", "192.0.2.10", 40000),
            Endpoint(NAME, "198.51.100.10", 465),
            datetime(2026, 11, 24, 12, 0),
        )
        self._clock = count()
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._out = {Side.CLIENT: there, Side.SERVER: back}
        self._in = {Side.CLIENT: ssl.MemoryBIO(), Side.SERVER: ssl.MemoryBIO()}
        self.ends = {
            Side.CLIENT: client.wrap_bio(self._in[Side.CLIENT], there, server_hostname=name, session=session),
            Side.SERVER: server.wrap_bio(self._in[Side.SERVER], back, server_side=True),
        }

    def now(self) -> float:
        """A millisecond later each time."""
        return next(self._clock) / 1000

    def clear(self, side: Side, data: bytes) -> None:
        """`side` says something before TLS begins."""
        event = Event(self.now(), side, data)
        self.transcript.events.append(event)
        self.transcript.wire.append(event)

    def carry(self, side: Side) -> bool:
        """Carry what `side` has to send, whatever it is; false when it has nothing."""
        data = self._out[side].read()
        if data:
            self.transcript.wire.append(Event(self.now(), side, data, tls=True))
            self._in[side.other].write(data)
        return bool(data)

    def shake(self) -> None:
        """The handshake, to its end. Raises ssl.SSLError when it fails, after the alert has been carried."""
        done: set[Side] = set()
        while len(done) < 2:
            for side in Side:
                try:
                    self.ends[side].do_handshake()
                    if side not in done and side is Side.SERVER:
                        stands = Event(
                            self.now(), side, tls=True, kind="tls", note=str(self.ends[side].version())
                        )
                        self.transcript.events.append(stands)
                        self.transcript.wire.append(stands)
                    done.add(side)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.carry(side)

    def say(self, side: Side, data: bytes) -> None:
        """`side` says something under TLS. As in the lab, the server's end notes it."""
        if side is Side.SERVER:
            self.transcript.events.append(Event(self.now(), side, data, tls=True))
        self.ends[side].write(data)
        self.carry(side)
        got, end = b"", self.ends[side.other]
        while len(got) < len(data):
            piece = end.read(1 << 18)
            got += piece
            if side is Side.CLIENT:
                self.transcript.events.append(Event(self.now(), side, piece, tls=True))


def talked(*said: tuple[Side, bytes], **options: object) -> Transcript:
    """A session of implicit TLS in which `said` was said; `options` are for both contexts."""
    pair = Pair(client(**options), server(**options))
    pair.shake()
    for side, data in said:
        pair.say(side, data)
    return pair.transcript
