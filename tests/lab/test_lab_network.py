"""The lab's network: sources and addresses, what the tap records, and how the network misbehaves."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Iterator

import pytest

from smtplab.lab.hosts import Host, Rule
from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.reply import ReplyReader
from smtplab.mail.transcript import Event, Side, Transcript

HELLO = "From: alice@acorn.example\nTo: bob@birch.example\nSubject: hello\n\nHello\n"
LOGIN = "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
TO_BOB = ("EHLO mail.acorn.example", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def until_closed(lab: Lab, transcript: Transcript) -> None:
    """Wait for the event, not for a time: pytest-timeout ends the test when it never comes."""
    while not transcript.closed:
        lab._world.thread.run(asyncio.sleep(0.001))


def read_to_end(sock: socket.socket) -> bytes:
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data


def said(events: list[Event], side: Side) -> bytes:
    return b"".join(event.data for event in events if event.side is side and event.kind == "data")


# who and where ----------------------------------------------------------------------------------


def test_a_source_by_name_and_by_address(lab: Lab) -> None:
    for source in ("bob.birch.example", "198.51.100.40"):
        with lab.connect("mail.acorn.example", 587, source=source) as session:
            client = session.transcript.client
            assert (client.host, client.address) == ("bob.birch.example", "198.51.100.40")


def test_ports_are_the_real_ones_and_the_usual_sources(lab: Lab) -> None:
    for port, source in (
        (25, "mail.acorn.example"),
        (465, "alice.home.example"),
        (587, "alice.home.example"),
    ):
        host = "mx.birch.example" if port == 25 else "mail.acorn.example"
        with lab.connect(host, port) as session:
            assert session.transcript.client.host == source
            assert session.transcript.server.port == port
            assert session.transcript.server.host == host


@pytest.mark.parametrize(
    ("to", "address", "source"),
    [
        ("mx.birch.example", "198.51.100.10", "192.0.2.10"),
        ("2001:db8:b::10", "2001:db8:b::10", "2001:db8:a::10"),
        ("198.51.100.10", "198.51.100.10", "192.0.2.10"),
    ],
)
def test_the_source_is_of_the_same_ip_version(lab: Lab, to: str, address: str, source: str) -> None:
    with lab.connect(to, source="mail.acorn.example") as session:
        session.say(*TO_BOB, "DATA", b"Subject: six\n", "QUIT")
        assert session.transcript.server.address == address
        assert session.transcript.client.address == source
    literal = f"[IPv6:{source}]" if ":" in source else f"[{source}]"
    received = lab.mailbox("bob@birch.example")[0]["Received"] or ""
    assert f"(mail.acorn.example {literal})" in received


def test_no_route_from_ipv4_to_ipv6(lab: Lab) -> None:
    with pytest.raises(LabError, match="Network is unreachable: alice"):
        lab.connect("2001:db8:b::10", 25, source="alice.home.example")
    with pytest.raises(OSError, match="unreachable"):
        lab.smtp("2001:db8:b::10", 25, source="alice.home.example")


def test_a_host_of_ones_own(lab: Lab) -> None:
    lab.network.add(Host("carol.example", ("203.0.113.90",)))
    with lab.connect("mx.birch.example", source="carol.example") as session:
        session.say(*TO_BOB, "DATA", b"Subject: hi\n", "QUIT")
    # It has no PTR record, so only its address is known.
    assert " ([203.0.113.90])" in (lab.mailbox("bob@birch.example")[0]["Received"] or "")


def test_wrong_names_are_explained(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"no host 'mx.oak.example'.*There are: .*mx.birch.example"):
        lab.connect("mx.oak.example")
    with pytest.raises(LabError, match="no host 'oak'"):
        lab.connect("mx.birch.example", source="oak")
    with pytest.raises(LabError, match=r"does not listen on port 587. It listens on: \[25\]"):
        lab.address("mx.birch.example", 587)
    with pytest.raises(LabError, match="Connection refused"):
        lab.connect("mx.birch.example", 587)
    with pytest.raises(ConnectionRefusedError):
        lab.smtp("mx.birch.example", 587)


# what is recorded -------------------------------------------------------------------------------


def test_everything_is_recorded_in_order(lab: Lab) -> None:
    with lab.connect("mx.birch.example") as session:
        session.say(*TO_BOB, "QUIT")
        transcript = session.transcript
    until_closed(lab, transcript)
    assert (
        said(transcript.events, Side.CLIENT) == "".join(f"{line}\r\n" for line in (*TO_BOB, "QUIT")).encode()
    )
    replies = ReplyReader().feed(said(transcript.events, Side.SERVER))
    assert [reply.code for reply in replies] == [220, 250, 250, 250, 221]
    assert transcript.events == transcript.wire
    assert [event.t for event in transcript.events] == sorted(event.t for event in transcript.events)
    assert [event.kind for event in transcript.events].count("close") == 1
    assert transcript.events[-1].kind == "close"
    assert transcript.events[-1].side is Side.SERVER
    assert transcript.opened == lab.clock.now()


@pytest.mark.parametrize(("host", "port"), [("mx.birch.example", 25), ("mail.acorn.example", 465)])
def test_under_tls_the_wire_has_no_plain_text(lab: Lab, host: str, port: int) -> None:
    secret = "a secret that nobody on the cable may read"
    with lab.connect(host, port) as session:
        if port == 25:
            session.say("EHLO before.example", "STARTTLS")
        session.say(f"EHLO {host}", f"NOOP {secret}", *([LOGIN] if port == 465 else []), "QUIT")
        transcript = session.transcript
    until_closed(lab, transcript)
    events, wire = transcript.events, transcript.wire

    assert secret.encode() in said(events, Side.CLIENT)
    for side in Side:
        assert secret.encode() not in said(wire, side)
        assert b"wonderland" not in said(wire, side)
    begun = next(n for n, event in enumerate(wire) if event.tls)
    assert all(event.tls for event in wire[begun:] if event.kind == "data")
    for side, first in ((Side.CLIENT, 0x16), (Side.SERVER, 0x16)):
        stream = said([event for event in wire if event.tls], side)
        kinds = tls_records(stream)
        assert kinds[0] == first  # a handshake record
        assert set(kinds) <= {0x14, 0x16, 0x17, 0x15}
        assert 0x17 in kinds
    # What was said in clear is in both; what was said under TLS is marked so.
    clear = [event for event in events if event.kind == "data" and not event.tls]
    assert clear == [event for event in wire if event.kind == "data" and not event.tls]
    assert bool(clear) == (port == 25)
    assert [event.kind for event in events].count("tls") == 1
    note = next(event.note for event in events if event.kind == "tls")
    assert note.startswith("TLSv1.3 with TLS_")
    replies = ReplyReader().feed(said(events, Side.SERVER))
    assert replies[-1].code == 221


def tls_records(stream: bytes) -> list[int]:
    """The content types of the TLS records that `stream` is made of (RFC 8446 §5.1)."""
    kinds = []
    while stream:
        kinds.append(stream[0])
        (size,) = struct.unpack(">H", stream[3:5])
        assert len(stream) >= 5 + size, "a record is cut off"
        stream = stream[5 + size :]
    return kinds


def test_the_key_log_is_for_its_own_session(lab: Lab) -> None:
    transcripts = []
    for _ in range(2):
        with lab.connect("mail.acorn.example", 465) as session:
            session.say("EHLO x", "QUIT")
            transcripts.append(session.transcript)
    one, other = (transcript.keylog for transcript in transcripts)
    assert {line.split()[0] for line in one} >= {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}
    assert set(one).isdisjoint(other)


def test_a_client_that_does_not_trust_the_certificate(lab: Lab) -> None:
    with lab.connect("mx.birch.example") as session:
        session.say("EHLO x")
        session._context = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            session.starttls()
        transcript = session.transcript
    until_closed(lab, transcript)
    assert not transcript.tls or transcript.events[-1].kind == "close"
    with lab.connect("mx.birch.example") as session:
        assert session.send("NOOP")


@pytest.mark.parametrize("kind", ["wrong-name", "expired", "self-signed"])
def test_certificates_that_do_not_hold(lab: Lab, kind) -> None:
    lab.use_certificate("mail.acorn.example", kind)
    with pytest.raises(LabError, match="certificate verify failed"):
        lab.connect("mail.acorn.example", 465)
    with lab.connect("mail.acorn.example", 587) as session:
        session.say("EHLO x")
        with pytest.raises(ssl.SSLCertVerificationError):
            session.starttls()
    lab.use_certificate("mail.acorn.example")
    lab.connect("mail.acorn.example", 465).close()


def test_only_the_newest_transcripts_are_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.network, "transcripts", deque(maxlen=3))
    for _ in range(5):
        lab.connect("mx.birch.example").close()
    assert [transcript.number for transcript in lab.transcripts] == [3, 4, 5]


# how it misbehaves ------------------------------------------------------------------------------


def test_latency_delays_each_direction(lab: Lab) -> None:
    """The greeting comes after one way, each reply after two; nothing overtakes anything."""
    lab.network.latency = 0.05
    with lab.connect("mx.birch.example") as session:
        session.pipeline("EHLO x", "NOOP", "NOOP")
        session.send("QUIT")
        transcript = session.transcript
    until_closed(lab, transcript)
    sent = [event for event in transcript.events if event.kind == "data"]
    quit_ = next(event for event in sent if event.data == b"QUIT\r\n")
    goodbye = next(event for event in sent if event.data.startswith(b"221"))
    ehlo = next(event for event in sent if event.data.startswith(b"EHLO"))
    offers = next(event for event in sent if event.data.startswith(b"250-"))
    # A tap records what is sent when it is sent: the answer goes out one way later.
    assert offers.t - ehlo.t >= 0.049
    assert goodbye.t - quit_.t >= 0.049
    assert quit_.t - offers.t >= 0.049  # and its way back
    replies = ReplyReader().feed(said(transcript.events, Side.SERVER))
    assert [reply.code for reply in replies] == [220, 250, 250, 250, 221]


def test_latency_keeps_the_last_words(lab: Lab) -> None:
    """A server that closes has its reply arrive all the same."""
    lab.network.latency = 0.05
    with lab.connect("mx.birch.example") as session:
        assert str(session.send("QUIT")).startswith("221")
    with lab.connect("mail.acorn.example", 465) as session:
        assert str(session.send("QUIT")).startswith("221")


def test_latency_that_changes_on_the_way(lab: Lab) -> None:
    """What was sent first arrives first, also when the network has become faster in between."""
    with lab.connect("mx.birch.example") as session:
        lab.network.latency = 0.2
        session.write(b"EHLO x\r\n")
        while session.transcript.events[-1].side is not Side.CLIENT:
            lab._world.thread.run(asyncio.sleep(0.001))
        lab.network.latency = 0.0
        session.write(b"HELP\r\nQUIT\r\n")
        assert [session.read().code for _ in range(3)] == [250, 214, 221]


DROPS = [b"EHLO", b"STARTTLS", b"MAIL FROM", b"RCPT TO", b"DATA\r\n", b"Subject:", b"\r\n.\r\n", b"QUIT"]


@pytest.mark.parametrize("what", DROPS, ids=lambda what: what.decode().strip())
def test_a_connection_dropped_by_what_the_client_says(lab: Lab, what: bytes) -> None:
    """It never gets there, so that the client does not know what the server knows."""
    lab.network.tap("mx.birch.example", 25).drop(what)
    with lab.connect("mx.birch.example") as session:
        with pytest.raises(LabError, match="closed this session"):
            session.say(*TO_BOB, "DATA")
            session.write(b"Subject: lost\r\n\r\nbody\r\n.\r\n")
            session.read()
            session.write(b"STARTTLS\r\n" if what == b"STARTTLS" else b"QUIT\r\n")
            session.read()
        transcript = session.transcript
    until_closed(lab, transcript)
    assert transcript.events[-1].note == "the network dropped the connection"
    assert len(lab.mailbox("bob@birch.example")) == (what in (b"QUIT", b"STARTTLS"))
    assert lab.transcripts[-1] is transcript


@pytest.mark.parametrize("what", [b"220 ", b"250-", b"250 2.1.0", b"354", b"queued as", b"221"])
def test_a_connection_dropped_by_what_the_server_says(lab: Lab, what: bytes) -> None:
    """The server has done it, and the client will never know: the way to duplicates."""
    lab.network.tap("mx.birch.example", 25).drop(what, Side.SERVER)
    with pytest.raises(LabError, match="closed this session"), lab.connect("mx.birch.example") as session:
        session.say(*TO_BOB, "DATA", b"Subject: twice\n", "QUIT")
    until_closed(lab, lab.transcripts[-1])
    assert len(lab.mailbox("bob@birch.example")) == (what in (b"queued as", b"221"))


def test_a_drop_after_the_message_makes_a_duplicate(lab: Lab) -> None:
    """RFC 5321 §6.1, RFC 1047: the client cannot know, and sends again."""
    tap = lab.network.tap("mx.birch.example", 25)
    lab.dns.zone("birch.example").set("@", "MX", "10 mx.birch.example")
    lab.use_certificate("mx.birch.example")
    lab.mta("mx.birch.example").extensions.remove("STARTTLS")  # the network sees what it drops
    tap.drop(b"queued as", Side.SERVER)
    delivery = lab.submit(HELLO)
    assert delivery.result == "delayed"
    tap.drops.clear()
    lab.clock.advance(minutes=31)
    assert delivery.result == "delivered"
    assert [mail["Subject"] for mail in lab.mailbox("bob@birch.example")] == ["hello", "hello"]
    assert len({mail["Message-ID"] for mail in lab.mailbox("bob@birch.example")}) == 1


def test_a_firewall_that_swallows(lab: Lab) -> None:
    """A home connection: port 25 is not for it, the submission ports are."""
    with pytest.raises(
        LabError, match=r"timed out.*A firewall is in the way: home connections may not use port 25"
    ):
        lab.connect("mx.birch.example", 25, source="alice.home.example")
    with pytest.raises(TimeoutError):
        lab.smtp("mx.birch.example", 25, source="alice.home.example")
    lab.connect("mail.acorn.example", 587, source="alice.home.example").close()
    assert [transcript.server.port for transcript in lab.transcripts] == [587]


def test_a_firewall_that_refuses(lab: Lab) -> None:
    lab.network.rules.append(Rule("198.51.100.0/24", 587, "refuse", "not from there"))
    with pytest.raises(LabError, match=r"Connection refused.*not from there"):
        lab.connect("mail.acorn.example", 587, source="bob.birch.example")
    with pytest.raises(ConnectionRefusedError):
        lab.smtp("mail.acorn.example", 587, source="bob.birch.example")
    lab.connect("mail.acorn.example", 465, source="bob.birch.example").close()


def test_a_firewall_for_ipv6(lab: Lab) -> None:
    lab.network.rules.append(Rule("2001:db8:a::/48", 25, "refuse"))
    with pytest.raises(LabError, match="Connection refused"):
        lab.connect("2001:db8:b::10")
    lab.connect("198.51.100.10").close()


@pytest.mark.parametrize("action", ["refuse", "swallow"])
def test_a_firewall_against_programs_outside(lab: Lab, action) -> None:
    """A program that comes to the real port meets the rules for visitors."""
    lab.network.rules.append(Rule("203.0.113.200/32", 25, action))
    with socket.create_connection(lab.address("mx.birch.example", 25)) as sock:
        sock.settimeout(0.3)
        expected = ConnectionResetError if action == "refuse" else TimeoutError
        with pytest.raises(expected):
            assert sock.recv(1000) == b"", "a firewall that lets a greeting through"
            raise ConnectionResetError  # the end of the stream will do as well


def test_the_queue_meets_the_firewall_too(lab: Lab) -> None:
    lab.network.rules.append(Rule("192.0.2.10/32", 25, "swallow"))
    lab.network.rules.append(Rule("2001:db8:a::10/128", 25, "swallow"))
    delivery = lab.submit(HELLO)
    assert delivery.result == "delayed"
    del lab.network.rules[-2:]
    lab.clock.advance(hours=1)
    assert delivery.result == "delivered"


# streams ----------------------------------------------------------------------------------------


def test_a_client_that_says_all_at_once_and_stops_talking(lab: Lab) -> None:
    """As `printf ... | nc` does: the replies come, to the last one."""
    sock = lab.network.dial("visitor.example", "mx.birch.example", 25)
    with sock:
        assert sock.recv(1000).startswith(b"220 ")
        lines = "".join(
            f"{line}\r\n" for line in (*TO_BOB, "DATA", "Subject: piped", "", "Hello", ".", "QUIT")
        )
        sock.sendall(lines.encode())
        sock.shutdown(socket.SHUT_WR)
        replies = ReplyReader().feed(read_to_end(sock))
    assert [reply.code for reply in replies] == [250, 250, 250, 354, 250, 221]
    assert lab.mailbox("bob@birch.example")[0]["Subject"] == "piped"


@pytest.mark.parametrize(
    "last", ["NOOP", "NOO", "DATA\r\nSubject: cut off\r\n\r\nHello", "BDAT 100\r\nHello"]
)
def test_a_half_closed_session_that_was_not_finished(lab: Lab, last: str) -> None:
    """What has no end is not obeyed, and the server hangs up when there is nothing more to come."""
    sock = lab.network.dial("visitor.example", "mx.birch.example", 25)
    with sock:
        sock.recv(1000)
        sock.sendall(("".join(f"{line}\r\n" for line in TO_BOB) + last).encode())
        sock.shutdown(socket.SHUT_WR)
        replies = ReplyReader().feed(read_to_end(sock))
    assert [reply.code for reply in replies] == [250, 250, 250] + [354] * last.startswith("DATA")
    assert lab.mailbox("bob@birch.example") == []


@pytest.mark.parametrize("latency", [0.0, 0.02])
def test_octets_one_by_one(lab: Lab, latency: float) -> None:
    lab.network.latency = latency
    with lab.connect("mx.birch.example") as session:
        session._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@birch.example>\r\nDATA\r\n":
            session.write(bytes([octet]))
        assert [session.read().code for _ in range(4)] == [250, 250, 250, 354]
        for octet in b"Subject: slow\r\n\r\n..\r\n.\r\n":
            session.write(bytes([octet]))
        assert session.read().code == 250
    assert lab.mailbox("bob@birch.example")[0].raw.endswith(b"Subject: slow\r\n\r\n.\r\n")


@pytest.mark.parametrize("way", ["clear", "starttls", "bdat"])
def test_a_large_message(lab: Lab, way: str) -> None:
    """Ten megabytes arrive octet for octet; the server makes the client wait instead of storing them."""
    line = bytes(range(33, 127)) * 10
    message = b"Subject: large\r\n\r\n" + (line + b"\r\n") * (10_000_000 // (len(line) + 2))
    with lab.connect("mx.birch.example") as session:
        session._sock.settimeout(60)
        if way == "starttls":
            session.say("EHLO x", "STARTTLS")
        session.say(*TO_BOB)
        if way == "bdat":
            half = len(message) // 2
            assert session.chunk(message[:half]).code == 250
            assert session.chunk(message[half:], last=True).code == 250
        else:
            session.say("DATA")
            assert session.data(message).code == 250
    [mail] = lab.mailbox("bob@birch.example")
    assert mail.raw.endswith(message)


def test_back_pressure(lab: Lab) -> None:
    """A client that asks and does not read is made to wait: the server does not pile up its answers."""
    with lab.connect("mx.birch.example") as session:
        session._sock.settimeout(0.3)
        asked = b"HELP\r\n" * 5_000_000
        with pytest.raises(TimeoutError):
            session._sock.sendall(asked)
        events = session.transcript.events
        count = 0
        while count != (count := len(events)):  # what it had already read is answered still
            lab._world.thread.run(asyncio.sleep(0.05))
        assert len(said(events, Side.CLIENT)) < len(asked) / 2
        assert len(said(events, Side.SERVER)) < 20_000_000


def test_back_pressure_with_a_slow_next_hop(lab: Lab) -> None:
    """The server reads no more than it can hold while it is busy with a message."""
    busy = threading.Event()
    mta = lab.mta("mx.birch.example")
    accept = mta.accept

    async def slowly(*arguments):
        while not busy.is_set():
            await asyncio.sleep(0.001)
        return await accept(*arguments)

    mta.accept = slowly  # type: ignore[method-assign]
    with lab.connect("mx.birch.example") as session:
        session.say(*TO_BOB, "DATA")
        session._sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            session._sock.sendall(b".\r\n" + b"NOOP\r\n" * 2_000_000)
        heard = len(said(session.transcript.events, Side.CLIENT))
        assert heard < 1_000_000
        busy.set()
        session._sock.settimeout(10)
        assert session.read().code == 250
        assert session.read().code == 250  # a NOOP's
