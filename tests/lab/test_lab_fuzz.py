"""20,000 random command streams: whatever a client says, the servers answer in SMTP and serve the next one.

A stream mixes commands, near misses and octets without sense. It goes to one of the lab's ports, in
clear or under TLS, cut into random writes, and ends with a half-close, a close or a reset. Twenty-five
streams run interleaved, so that they can also disturb each other.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import ssl
import struct
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab.lab.lab import Lab
from smtplab.mail.reply import MAX_LINE, Reply, ReplyReader
from smtplab.mail.transcript import Side, Transcript

STREAMS_AT_ONCE = 25
EXAMPLES = 800  # times 25 is 20,000 streams
CHECKED = (
    20  # the same with SPF, DKIM and DMARC asked for every message: each costs some ten questions to the DNS
)

End = Literal["half-close", "close", "reset"]
TARGETS = (
    *[("mx.birch.example", 25, "clear")] * 18,
    *[("mail.acorn.example", 587, "clear")] * 2,
    *[("mail.mallory.example", 25, "clear")] * 2,
    ("mx.birch.example", 25, "starttls"),
    ("mail.acorn.example", 587, "starttls"),
    *[("mail.acorn.example", 465, "implicit")] * 2,
)
SERVED = (("mx.birch.example", 25), ("mail.acorn.example", 587), ("mail.acorn.example", 465))
PLAIN = b64encode(b"\0alice@acorn.example\0wonderland")
WRONG = b64encode(b"\0alice@acorn.example\0looking-glass")
SCRAM = b64encode(b"n,,n=alice@acorn.example,r=fyko+d2lbbFgONRv9qkxdawL")
BEARER = b64encode(b"n,a=alice@acorn.example,\1auth=Bearer abc\1\1")
EHLO, MAIL, RCPT = b"EHLO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<bob@birch.example>\r\n"
LOGIN = b"AUTH PLAIN " + PLAIN + b"\r\n"
STARTS = (  # how far a stream gets before it goes astray
    b"", EHLO, EHLO + MAIL, EHLO + MAIL + RCPT, EHLO + MAIL + RCPT, EHLO + MAIL + RCPT + b"DATA\r\n",
    EHLO + MAIL + RCPT + b"BDAT 3\r\na\r\n", b"HELO x\r\n" + MAIL, EHLO + LOGIN + MAIL,
    EHLO + b"AUTH LOGIN\r\n", EHLO + b"AUTH SCRAM-SHA-256 " + SCRAM + b"\r\n",
    EHLO + LOGIN + MAIL + b"RCPT TO:<alice@acorn.example>\r\nDATA\r\n",
    EHLO + b"AUTH PLAIN " + WRONG + b"\r\n" + LOGIN + MAIL,
    EHLO + b"MAIL FROM:<a@b.example> SIZE=99999999\r\n", EHLO + "MAIL FROM:<å@b.example>\r\n".encode(),
    EHLO + MAIL + RCPT + b"DATA\r\nSubject: x\r\n\r\n",
)  # fmt: skip
LINES = (
    b"EHLO mail.acorn.example", b"EHLO [192.0.2.1]", b"EHLO", b"HELO x", b"NOOP", b"RSET", b"QUIT", b"HELP",
    b"HELP MAIL", b"VRFY bob", b"EXPN trees", b"STARTTLS", b"STARTTLS x", b"AUTH PLAIN", b"AUTH LOGIN",
    b"AUTH X", b"AUTH PLAIN " + PLAIN, b"AUTH PLAIN " + WRONG, PLAIN, b"*", b"=",
    b"AUTH SCRAM-SHA-256", b"AUTH SCRAM-SHA-256 " + SCRAM, SCRAM, b64encode(b"c=biws,r=x,p=AAAA"),
    b"AUTH OAUTHBEARER", b"AUTH OAUTHBEARER " + BEARER, b"AQ==",
    b"MAIL FROM:<alice@acorn.example>", b"MAIL FROM:<>",
    b"MAIL FROM:<alice@acorn.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=x",
    b"MAIL FROM:<> SIZE=999999999", b"MAIL FROM:<> XFUTURE",
    "MAIL FROM:<jürgen@grün.example> SMTPUTF8".encode(), "MAIL FROM:<jürgen@grün.example>".encode(),
    b"RCPT TO:<bob@birch.example>", b"RCPT TO:<postmaster>", b"RCPT TO:<nobody@birch.example>",
    b"RCPT TO:<>", b"RCPT TO:<x@nowhere.invalid> NOTIFY=NEVER ORCPT=rfc822;x",
    b"RCPT TO:<bob@[198.51.100.10]>", b"RCPT TO:<bob@birch.example> NOTIFY=FAILURE", b"DATA", b"DATA x",
    b".", b".", b"..", b"Subject: x", b"", b" ", b"BDAT 7\r\nhello\r", b"BDAT 5 LAST\r\nabcde",
    b"BDAT 0 LAST", b"BDAT 40 LAST", b"BDAT x", b"BDAT",
)  # fmt: skip
ODD = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\r\n.\r\n",
    b"\n.\n",
    b"\x16\x03\x01\x00\x05hello",
    b"\xff\xfe",
    b"<>",
    b":",
)
LONG = (b"x" * 600, b"NOOP " + b"x" * 3000 + b"\r\n", b"y" * 70_000, b"XYZZY\r\n" * 18, b"\xc3\xa9" * 1000)


def _bent(line: bytes, at: int, octets: bytes) -> bytes:
    """A near miss: `octets` put over a part of `line`."""
    at %= len(line) + 1
    return line[:at] + octets + line[at + len(octets) :] + b"\r\n"


_lines = st.sampled_from([line + end for line in LINES for end in (b"\r\n",) * 9 + (b"\n", b"\r", b"")])
_bends = st.builds(_bent, st.sampled_from(LINES), st.integers(0, 60), st.binary(min_size=1, max_size=4))
_others = st.one_of(st.sampled_from(ODD), st.binary(max_size=30), st.sampled_from(LONG))
PIECES = st.one_of(_lines, _lines, _lines, _lines, _lines, _bends, _others)


@dataclass(frozen=True)
class Stream:
    """What one client does: where it goes, what it writes and in which pieces, and how it ends."""

    target: tuple[str, int, str]
    start: bytes
    pieces: list[bytes]
    tail: bytes
    cuts: int
    end: End
    waits: bool  # for the greeting

    def writes(self) -> list[bytes]:
        """The pieces as one stream of octets, cut where `cuts` says."""
        data = self.start + b"".join(self.pieces) + self.tail
        if self.target[2] != "clear":
            # Under TLS there is no half-close: end what may be open (a BDAT takes 40 octets) and say QUIT.
            data += b"\r\n.\r\n" + b"NOOP\r\n" * 8 + b"QUIT\r\n"
        size = max(1, len(data) // (self.cuts + 1))
        return [data[at : at + size] for at in range(0, len(data), size)]


STREAMS = st.builds(
    Stream,
    target=st.sampled_from(TARGETS),
    start=st.sampled_from(STARTS),
    pieces=st.lists(PIECES, max_size=12),
    tail=st.sampled_from((b"", b"\r\n.\r\n", b".\r\nQUIT\r\n", b"RSET\r\nQUIT\r\n")),
    cuts=st.integers(0, 8),
    end=st.sampled_from(("half-close",) * 6 + ("close", "reset")),
    waits=st.sampled_from((True,) * 19 + (False,)),
)


class Client:
    """One stream under way. Its socket may be cut off by the server at any moment."""

    def __init__(self, lab: Lab, context: ssl.SSLContext, stream: Stream) -> None:
        self.stream = stream
        host, port, tls = stream.target
        self.sock = lab.network.dial("visitor.example", host, port)
        self.sock.settimeout(20)
        self.ended = False
        if tls == "starttls":
            self._starttls()
        if tls != "clear":
            self.sock = context.wrap_socket(self.sock, server_hostname=host)
        if stream.waits and tls != "starttls":
            assert self.sock.recv(1000).startswith(b"220 ")

    def _starttls(self) -> None:
        assert self.sock.recv(1000).startswith(b"220 ")
        self.sock.sendall(b"EHLO x\r\nSTARTTLS\r\n")
        data = b""
        while b"\r\n220 2.0.0 " not in data or not data.endswith(b"\r\n"):
            data += self.sock.recv(1000)

    def write(self, data: bytes) -> None:
        if not self.ended:
            try:
                self.sock.sendall(data)
            except OSError:
                self.ended = True

    def finish(self) -> None:
        """End the stream, and wait until the server has, unless the stream ends with a cut."""
        if self.stream.end == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.stream.end == "half-close":
            with contextlib.suppress(ConnectionError):
                self._read_to_end()
        self.sock.close()

    def _read_to_end(self) -> None:
        """A TimeoutError here means that a server hangs."""
        if self.stream.target[2] == "clear":
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ssl.SSLEOFError):
            while self.sock.recv(65536):
                pass


class Watch:
    """A lab whose troubles are written down."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.context = lab.tls_context()
        self.troubles: list[Any] = []
        self.codes: Counter[int] = Counter()
        self.next = SERVED[0]
        lab._world.thread.loop.set_exception_handler(lambda loop, what: self.troubles.append(what))

    def run(self, streams: list[Stream]) -> None:
        clients = [Client(self.lab, self.context, stream) for stream in streams]
        try:
            writes = [client.stream.writes() for client in clients]
            for turn in range(max(map(len, writes))):
                for client, pieces in zip(clients, writes, strict=True):
                    if turn < len(pieces):
                        client.write(pieces[turn])
        finally:
            for client in clients:
                client.finish()
        for transcript in self.lab.transcripts:
            self._judge(transcript)
        self.lab.network.transcripts.clear()

    def _judge(self, transcript: Transcript) -> None:
        """Every octet that the server said in clear text, or under TLS, belongs to a well-formed reply."""
        reader = ReplyReader()
        for event in list(transcript.events):
            if event.side is Side.SERVER and event.kind == "data":
                assert all(len(line) <= MAX_LINE for line in event.data.splitlines(keepends=True))
                for reply in reader.feed(event.data):
                    self.codes[reply.code] += 1
                    assert Reply.parse(reply.format()) == reply
        assert reader.pending == b""

    def check(self) -> None:
        """The next client is served, and nothing has gone wrong inside."""
        host, port = self.next
        self.next = SERVED[(SERVED.index(self.next) + 1) % len(SERVED)]
        with self.lab.connect(host, port, source="visitor.example") as session:
            reply = session.send("NOOP")
            assert reply
            assert reply.code == 250
        # Taken away, so that each example answers for itself when hypothesis looks for a smaller one.
        troubles = [*self.troubles, *self.lab._world.errors]
        self.troubles.clear()
        self.lab._world.errors.clear()
        assert troubles == []


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    with Lab() as lab:
        watch = Watch(lab)
        for mta in lab.mtas.values():
            mta.checks.off()
            mta.limits.bad_passwords = 0  # one client locked out would lock out all: they share an address
        handler = logging.Handler(logging.WARNING)
        handler.emit = watch.troubles.append
        logging.getLogger("asyncio").addHandler(handler)
        yield watch
        logging.getLogger("asyncio").removeHandler(handler)
        lab.settle()
        assert lab._world.errors == []


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(streams=st.lists(STREAMS, min_size=STREAMS_AT_ONCE, max_size=STREAMS_AT_ONCE))
@pytest.mark.timeout(400)
def test_any_stream(watch: Watch, streams: list[Stream]) -> None:
    watch.run(streams)
    watch.check()


@settings(
    max_examples=CHECKED,
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(streams=st.lists(STREAMS, min_size=STREAMS_AT_ONCE, max_size=STREAMS_AT_ONCE))
@pytest.mark.timeout(200)
def test_any_stream_at_a_server_that_checks(watch: Watch, streams: list[Stream]) -> None:
    for mta in watch.lab.mtas.values():
        mta.checks.spf, mta.checks.dkim, mta.checks.dmarc = "refuse", "mark", "reject"
    try:
        watch.run(streams)
        watch.check()
    finally:
        for mta in watch.lab.mtas.values():
            mta.checks.off()


def test_the_streams_got_somewhere(watch: Watch) -> None:
    """After the test above: the streams had every kind of answer, and messages were taken."""
    seen = {code for code, count in watch.codes.items() if count >= 10}
    expected = {214, 220, 221, 235, 250, 252, 334, 354, 421, 500, 501, 502, 503, 504, 530, 535, 550}
    assert seen >= expected | {552, 553, 554, 555}
    assert len(watch.lab.mailbox("bob@birch.example")) > 100
    assert len(watch.lab.mailbox("alice@acorn.example")) > 10
