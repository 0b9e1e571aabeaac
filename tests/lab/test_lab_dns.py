"""The lab's DNS over real sockets: dnspython and dig as clients, and whatever else comes along."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import dns.zone
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtplab.lab import dns_server
from smtplab.lab.dns import Dns, Query
from smtplab.lab.dns_server import reply
from smtplab.lab.loop import LoopThread
from smtplab.mail.errors import LabError, RecordError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG_TEXT = "v=DKIM1; k=rsa; p=" + "A" * 400


def fill(server: Dns) -> None:
    """The zones that the tests below ask for."""
    acorn = server.add_zone("acorn.example")
    acorn.set("@", "MX", "10 mail.acorn.example")
    acorn.set("@", "TXT", "v=spf1 mx -all")
    acorn.set("www", "CNAME", "mail.acorn.example")
    acorn.set("shop", "CNAME", "www.birch.example")
    acorn.set("gone", "CNAME", "nobody.birch.example")
    acorn.set("empty", "CNAME", "mx.birch.example")
    acorn.set("far", "CNAME", "smtp.gmail.com")
    acorn.set("ring", "CNAME", "ring2.acorn.example")
    acorn.set("ring2", "CNAME", "ring.acorn.example")
    acorn.set("s1._domainkey", "TXT", LONG_TEXT)
    acorn.set("big", "TXT", *(f"{n} " + "x" * 200 for n in range(12)))
    acorn.set("middle", "TXT", *(f"{n} " + "x" * 200 for n in range(4)))
    acorn.set("*.wild", "A", "192.0.2.99")
    acorn.set("sub.*.wild", "TXT", "not a wildcard")
    acorn.set("_ssh._tcp.host.wild", "SRV", "0 0 22 mail.acorn.example")
    server.add_zone("birch.example").set("www", "CNAME", "mx.birch.example")
    server.set_addresses("mail.acorn.example", "192.0.2.10", "2001:db8:a::10")
    server.set_addresses("mx.birch.example", "198.51.100.10")


@pytest.fixture(scope="module")
def thread() -> Iterator[LoopThread]:
    thread = LoopThread("dns tests")
    yield thread
    thread.stop()


@contextlib.contextmanager
def serving(thread: LoopThread) -> Iterator[Dns]:
    server = Dns(lambda: NOW)
    fill(server)
    thread.run(server.start())
    yield server
    thread.run(server.stop())


@pytest.fixture(scope="module")
def shared(thread: LoopThread) -> Iterator[Dns]:
    """A server that the tests only read."""
    with serving(thread) as server:
        yield server


@pytest.fixture
def server(thread: LoopThread) -> Iterator[Dns]:
    """A server to change."""
    with serving(thread) as server:
        yield server


Ask = Callable[..., dns.message.Message]


def udp(server: Dns, name: str, rdtype: str = "A", **more: object) -> dns.message.Message:
    host, port = server.address
    return dns.query.udp(dns.message.make_query(name, rdtype, **more), host, timeout=5, port=port)


def tcp(server: Dns, name: str, rdtype: str = "A", **more: object) -> dns.message.Message:
    host, port = server.address
    return dns.query.tcp(dns.message.make_query(name, rdtype, **more), host, timeout=5, port=port)


def said(section: list[dns.rrset.RRset]) -> list[str]:
    return [f"{r.name} {dns.rdatatype.to_text(r.rdtype)} {rd}" for r in section for rd in r]


# What it answers ------------------------------------------------------------------------------------

ACORN, BIRCH, ROOT = "acorn.example.", "birch.example.", "."


@pytest.mark.parametrize("ask", [udp, tcp])
@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "answers", "soa_of"),
    [
        ("acorn.example", "MX", "NOERROR", ["acorn.example. MX 10 mail.acorn.example."], ""),
        ("Mail.ACORN.Example", "A", "NOERROR", ["Mail.ACORN.Example. A 192.0.2.10"], ""),
        ("mail.acorn.example", "AAAA", "NOERROR", ["mail.acorn.example. AAAA 2001:db8:a::10"], ""),
        ("acorn.example", "NS", "NOERROR", ["acorn.example. NS ns.example."], ""),
        (".", "NS", "NOERROR", [". NS ns.example."], ""),
        ("ns.example", "A", "NOERROR", ["ns.example. A 192.0.2.53"], ""),
        # aliases, within a zone, across zones, to nowhere, to a name without the type, in a ring
        (
            "www.acorn.example",
            "A",
            "NOERROR",
            ["www.acorn.example. CNAME mail.acorn.example.", "mail.acorn.example. A 192.0.2.10"],
            "",
        ),
        (
            "shop.acorn.example",
            "A",
            "NOERROR",
            [
                "shop.acorn.example. CNAME www.birch.example.",
                "www.birch.example. CNAME mx.birch.example.",
                "mx.birch.example. A 198.51.100.10",
            ],
            "",
        ),
        ("www.acorn.example", "CNAME", "NOERROR", ["www.acorn.example. CNAME mail.acorn.example."], ""),
        (
            "gone.acorn.example",
            "A",
            "NXDOMAIN",
            ["gone.acorn.example. CNAME nobody.birch.example."],
            BIRCH,
        ),
        ("empty.acorn.example", "MX", "NOERROR", ["empty.acorn.example. CNAME mx.birch.example."], BIRCH),
        ("far.acorn.example", "A", "NXDOMAIN", ["far.acorn.example. CNAME smtp.gmail.com."], ROOT),
        ("ring.acorn.example", "A", "SERVFAIL", [], ""),
        # negative answers
        ("nobody.acorn.example", "A", "NXDOMAIN", [], ACORN),
        ("mail.acorn.example", "MX", "NOERROR", [], ACORN),
        ("_domainkey.acorn.example", "TXT", "NOERROR", [], ACORN),
        ("example", "A", "NOERROR", [], ROOT),
        ("nobody.example", "A", "NXDOMAIN", [], ROOT),
        ("gmail.com", "MX", "NXDOMAIN", [], ROOT),
        ("acorn.example", "DS", "NOERROR", [], ROOT),
        ("mail.acorn.example", "DS", "NOERROR", [], ACORN),
        # wildcards, after the table in RFC 4592 §2.2.1
        ("host3.wild.acorn.example", "A", "NOERROR", ["host3.wild.acorn.example. A 192.0.2.99"], ""),
        ("host3.wild.acorn.example", "MX", "NOERROR", [], ACORN),
        ("foo.bar.wild.acorn.example", "A", "NOERROR", ["foo.bar.wild.acorn.example. A 192.0.2.99"], ""),
        ("*.wild.acorn.example", "A", "NOERROR", ["*.wild.acorn.example. A 192.0.2.99"], ""),
        ("wild.acorn.example", "A", "NOERROR", [], ACORN),
        ("host.wild.acorn.example", "A", "NOERROR", [], ACORN),
        ("sub.*.wild.acorn.example", "A", "NOERROR", [], ACORN),
        ("_telnet._tcp.host.wild.acorn.example", "SRV", "NXDOMAIN", [], ACORN),
        ("ghost.*.wild.acorn.example", "A", "NXDOMAIN", [], ACORN),
        # what is not for everybody
        ("acorn.example", "ANY", "NOERROR", ['acorn.example. HINFO "RFC8482" ""'], ""),
        ("www.acorn.example", "ANY", "NOERROR", ["www.acorn.example. CNAME mail.acorn.example."], ""),
        ("nobody.acorn.example", "ANY", "NXDOMAIN", [], ACORN),
        ("_domainkey.acorn.example", "ANY", "NOERROR", [], ACORN),
        (
            "10.2.0.192.in-addr.arpa",
            "PTR",
            "NOERROR",
            ["10.2.0.192.in-addr.arpa. PTR mail.acorn.example."],
            "",
        ),
        ("11.2.0.192.in-addr.arpa", "PTR", "NXDOMAIN", [], "2.0.192.in-addr.arpa."),
        ("1.113.0.203.in-addr.arpa", "PTR", "NXDOMAIN", [], "113.0.203.in-addr.arpa."),
        ("1.0.0.127.in-addr.arpa", "PTR", "NXDOMAIN", [], ROOT),
    ],
)
def test_answers(
    shared: Dns, ask: Ask, name: str, rdtype: str, rcode: str, answers: list[str], soa_of: str
) -> None:
    response = ask(shared, name, rdtype)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert said(response.answer) == answers
    assert [str(rrset.name) for rrset in response.authority] == ([soa_of] if soa_of else [])
    assert all(rrset.rdtype == dns.rdatatype.SOA and rrset.ttl == 60 for rrset in response.authority)
    flags = {"QR", "RD", "RA"} | ({"AA"} if rcode in ("NOERROR", "NXDOMAIN") else set())
    assert set(dns.flags.to_text(response.flags).split()) == flags


@pytest.mark.parametrize("rdtype", ["AXFR", "IXFR"])
def test_transfer_is_refused(shared: Dns, rdtype: str) -> None:
    query = dns.message.make_query("acorn.example", rdtype)
    assert answer_of(shared, query.to_wire()).rcode() == dns.rcode.REFUSED


def answer_of(server: Dns, wire: bytes) -> dns.message.Message:
    """The response to octets sent over UDP."""
    return dns.message.from_wire(octets_of(server, wire))


def octets_of(server: Dns, wire: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect(server.address)
        sock.send(wire)
        return sock.recv(65535)


HEADER = struct.Struct("!HHHHHH")
QUESTION = dns.message.make_query("acorn.example", "MX").to_wire()[12:]


@pytest.mark.parametrize(
    ("wire", "rcode"),
    [
        (HEADER.pack(7, 0, 1, 0, 0, 0) + QUESTION, "NOERROR"),
        (HEADER.pack(7, 0, 1, 0, 0, 0), "FORMERR"),
        (HEADER.pack(7, 0, 0, 0, 0, 0), "FORMERR"),
        (HEADER.pack(7, 0, 2, 0, 0, 0) + 2 * QUESTION, "FORMERR"),
        (HEADER.pack(7, 0, 1, 0, 0, 0) + QUESTION + b"junk", "FORMERR"),
        (HEADER.pack(7, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", "FORMERR"),  # a name that points at itself
        (HEADER.pack(7, 1 << 11, 1, 0, 0, 0) + QUESTION, "NOTIMP"),  # IQUERY
        (HEADER.pack(7, 4 << 11, 1, 0, 0, 0) + QUESTION, "NOTIMP"),  # NOTIFY
        (HEADER.pack(7, 5 << 11, 1, 0, 0, 0) + QUESTION, "NOTIMP"),  # UPDATE
        (HEADER.pack(7, 0, 1, 0, 0, 0) + QUESTION[:-2] + b"\0\3", "REFUSED"),  # class CHAOS
        (dns.message.make_query("acorn.example", "MX", use_edns=1, id=7).to_wire(), "BADVERS"),
    ],
)
def test_odd_queries(shared: Dns, wire: bytes, rcode: str) -> None:
    response = answer_of(shared, wire)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert response.id == int.from_bytes(wire[:2], "big")


@pytest.mark.parametrize("wire", [b"", b"x" * 11, HEADER.pack(7, 0x8000, 1, 0, 0, 0) + QUESTION])
def test_what_gets_no_answer(shared: Dns, wire: bytes) -> None:
    assert reply(wire, ("127.0.0.1", 1), "udp", shared._answer) == (b"", 0.0)


# Sizes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "payload", "truncated", "limit"),
    [
        ("s1._domainkey.acorn.example", None, False, 512),
        ("middle.acorn.example", None, True, 512),
        ("middle.acorn.example", 1232, False, 1232),
        ("big.acorn.example", None, True, 512),
        ("big.acorn.example", 100, True, 512),
        ("big.acorn.example", 800, True, 800),
        ("big.acorn.example", 4096, True, 1232),
    ],
)
def test_truncation(shared: Dns, name: str, payload: int | None, truncated: bool, limit: int) -> None:
    query = dns.message.make_query(name, "TXT", use_edns=payload is not None, payload=payload or 0)
    wire = octets_of(shared, query.to_wire())
    response = dns.message.from_wire(wire)
    assert bool(response.flags & dns.flags.TC) is truncated
    assert len(wire) <= limit
    assert response.edns == (-1 if payload is None else 0)
    assert response.payload == (0 if payload is None else 1232)
    whole, over_tcp = dns.query.udp_with_fallback(query, shared.address[0], timeout=5, port=shared.address[1])
    assert over_tcp is truncated
    assert len(whole.answer[0]) == {"big": 12, "middle": 4}.get(name.partition(".")[0], 1)


def test_records_keep_their_order(shared: Dns) -> None:
    for _ in range(5):
        answer = tcp(shared, "big.acorn.example", "TXT").answer[0]
        assert [int(rdata.strings[0].split()[0]) for rdata in answer] == list(range(12))


def test_the_do_bit_comes_back(shared: Dns) -> None:
    assert udp(shared, "acorn.example", "MX", want_dnssec=True).ednsflags & dns.flags.DO
    assert not udp(shared, "acorn.example", "MX", use_edns=0).ednsflags & dns.flags.DO


# TCP ------------------------------------------------------------------------------------------------


def framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


def test_several_queries_on_one_connection(shared: Dns) -> None:
    queries = [dns.message.make_query(name, "A") for name in ("mail.acorn.example", "no.acorn.example")]
    with socket.create_connection(shared.address, 5) as sock:
        sock.sendall(b"".join(framed(query.to_wire()) for query in queries))
        sock.shutdown(socket.SHUT_WR)  # the answers come all the same
        stream = sock.makefile("rb")
        for query in queries:
            response = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2), "big")))
            assert query.is_response(response)
        assert stream.read() == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0",
        framed(dns.message.make_query("acorn.example", "A", id=7).to_wire())[:-1],
    ],
)
def test_a_silent_connection_is_ended(shared: Dns, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(dns_server, "IDLE", 0.05)
    with socket.create_connection(shared.address, 5) as sock:
        sock.sendall(sent)
        assert sock.recv(1) == b""


def test_a_query_that_is_too_long_ends_the_connection(shared: Dns) -> None:
    with socket.create_connection(shared.address, 2) as sock:  # sooner than IDLE
        sock.sendall((dns_server.LARGEST_QUERY + 1).to_bytes(2, "big"))
        assert sock.recv(1) == b""


def test_a_client_that_does_not_read_is_ended(shared: Dns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_server, "IDLE", 0.05)
    query = framed(dns.message.make_query("big.acorn.example", "TXT").to_wire())
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(shared.address)
        with pytest.raises(ConnectionError):
            while True:
                sock.sendall(query * 1000)
    assert tcp(shared, "acorn.example", "MX").answer


def test_too_many_connections(server: Dns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_server, "MAX_AT_ONCE", 2)
    query = framed(dns.message.make_query("acorn.example", "A").to_wire())
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            sock = stack.enter_context(socket.create_connection(server.address, 5))
            sock.sendall(query)
            assert sock.recv(1)
        third = stack.enter_context(socket.create_connection(server.address, 2))  # sooner than IDLE
        with contextlib.suppress(ConnectionResetError):
            assert third.recv(1) == b""
    assert udp(server, "acorn.example", "MX").answer


# dig ------------------------------------------------------------------------------------------------


@pytest.fixture
def dig(shared: Dns, need_program: Callable[..., str]) -> Callable[..., str]:
    program = need_program("dig")

    def run(*arguments: str) -> str:
        command = [
            program,
            "-r",
            "@127.0.0.1",
            "-p",
            str(shared.address[1]),
            "+tries=1",
            "+time=5",
            *arguments,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    return run


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["acorn.example", "MX"], ["10 mail.acorn.example."]),
        (["acorn.example", "TXT"], ['"v=spf1 mx -all"']),
        (["www.acorn.example"], ["mail.acorn.example.", "192.0.2.10"]),
        (["-x", "192.0.2.10"], ["mail.acorn.example."]),
        (["-x", "2001:db8:a::10"], ["mail.acorn.example."]),
        (["nobody.acorn.example"], []),
        (["s1._domainkey.acorn.example", "TXT"], [f'"{LONG_TEXT[:255]}" "{LONG_TEXT[255:]}"']),
    ],
)
def test_dig_short(dig: Callable[..., str], transport: str, arguments: list[str], lines: list[str]) -> None:
    assert dig("+short", transport, *arguments).splitlines() == lines


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["acorn.example", "MX"], ["status: NOERROR", "flags: qr aa rd ra;", "ANSWER: 1", "udp: 1232"]),
        (["no.acorn.example"], ["status: NXDOMAIN", "ANSWER: 0, AUTHORITY: 1", "IN\tSOA\tns.example."]),
        (["_domainkey.acorn.example"], ["status: NOERROR", "ANSWER: 0, AUTHORITY: 1"]),
        (["big.acorn.example", "TXT"], [";; Truncated, retrying in TCP mode.", "ANSWER: 12", "(TCP)"]),
        (["big.acorn.example", "TXT", "+ignore"], ["flags: qr aa tc rd ra;"]),
        (["acorn.example", "MX", "+norecurse"], ["flags: qr aa ra;"]),
        (["acorn.example", "MX", "+noedns"], ["ADDITIONAL: 0"]),
        (["acorn.example", "MX", "+edns=1", "+noednsnegotiation"], ["status: BADVERS", "EDNS: version: 0"]),
        (["acorn.example", "MX", "+edns=1"], ["status: NOERROR"]),
        (["acorn.example", "ANY", "+notcp"], ["status: NOERROR", '"RFC8482" ""']),
        (["acorn.example", "AXFR"], ["; Transfer failed."]),
        (["version.bind", "TXT", "CH"], ["status: REFUSED"]),
        (["acorn.example", "+opcode=NOTIFY"], ["status: NOTIMP"]),
        (["acorn.example", "+header-only"], ["status: FORMERR"]),
        (["acorn.example", "MX", "mail.acorn.example", "+tcp", "+keepopen"], ["10 mail.acorn", "192.0.2.10"]),
    ],
)
def test_dig(dig: Callable[..., str], arguments: list[str], parts: list[str]) -> None:
    output = dig(*arguments)
    assert [part for part in parts if part not in output] == []
    assert "WARNING: recursion" not in output
    assert "malformed" not in output


# Edits ----------------------------------------------------------------------------------------------


def test_an_edit_is_seen_at_once(server: Dns) -> None:
    zone = server.zone("acorn.example")
    for n in range(20):
        zone.set("now", "A", f"192.0.2.{n}", ttl=n)
        answer = udp(server, "now.acorn.example").answer[0]
        assert (str(answer[0]), answer.ttl) == (f"192.0.2.{n}", n)
    zone.set("now", "TXT", "still here")
    zone.delete("now", "A")
    assert udp(server, "now.acorn.example").rcode() == dns.rcode.NOERROR
    zone.delete("now")
    zone.delete("now")
    assert udp(server, "now.acorn.example").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(
    "name", ["mail2", "mail2.acorn.example", "mail2.acorn.example.", "MAIL2.Acorn.Example"]
)
def test_names_relative_and_absolute(server: Dns, name: str) -> None:
    server.zone("Acorn.Example.").set(name, "A", "192.0.2.20")
    assert udp(server, "mail2.acorn.example").answer


@pytest.mark.parametrize(
    ("rdtype", "values", "wire_form"),
    [
        (
            "MX",
            ["10 mx.birch.example", "20 mx2.birch.example."],
            ["10 mx.birch.example.", "20 mx2.birch.example."],
        ),
        ("MX", ["0 ."], ["0 ."]),
        ("mx", ["10 192.0.2.1"], ["10 192.0.2.1."]),  # wrong, and legal DNS: a lesson shows it
        ("TXT", [""], ['""']),
        ("TXT", ['say "hello"; done'], [r'"say \"hello\"; done"']),
        ("TXT", ["tab\there \\ é"], [r'"tab\009here \\ \195\169"']),
        ("TXT", [("v=spf1 ip4:192.0.2.", "10 -all")], ['"v=spf1 ip4:192.0.2." "10 -all"']),
        ("TXT", [('"quoted"',)], [r'"\"quoted\""']),
        ("TXT", ["a" * 256], [f'"{"a" * 255}" "a"']),
        ("AAAA", ["2001:DB8::1"], ["2001:db8::1"]),
        ("SRV", ["0 1 587 mail.acorn.example"], ["0 1 587 mail.acorn.example."]),
        ("CAA", ['0 issue "ca.example"'], ['0 issue "ca.example"']),
        ("TLSA", ["3 1 1 " + "ab" * 32], ["3 1 1 " + "ab" * 32]),
        ("TYPE65280", [r"\# 2 abcd"], [r"\# 2 abcd"]),
    ],
)
def test_values(server: Dns, rdtype: str, values: list[str], wire_form: list[str]) -> None:
    server.zone("acorn.example").set("v", rdtype, *values)
    assert [str(rdata) for rdata in tcp(server, "v.acorn.example", rdtype).answer[0]] == wire_form


@pytest.mark.parametrize(
    ("name", "rdtype", "values", "error", "span", "words"),
    [
        ("a", "A", ["192.0.2.256"], RecordError, (0, 11), "such as 192.0.2.10"),
        ("a", "A", ["192.0.2.1 192.0.2.2"], RecordError, (0, 19), "such as"),
        ("a", "A", ["192.0.2.1\n192.0.2.2"], RecordError, (0, 19), "one line"),
        ("a", "AAAA", ["192.0.2.1"], RecordError, (0, 9), "such as"),
        ("a", "MX", ["mx.birch.example"], RecordError, (0, 16), "10 mx.birch.example"),
        ("a", "MX", ["10 mx"], RecordError, (3, 5), "full name"),
        ("a", "MX", ["70000 mx.birch.example"], RecordError, (0, 22), "such as"),
        ("a", "CNAME", ["mail"], RecordError, (0, 4), "full name"),
        ("a", "TXT", ['"v=spf1 -all"'], RecordError, (0, 1), "quotation marks"),
        ("a", "TXT", [("a" * 256,)], RecordError, (0, 256), "255"),
        ("a", "TXT", ["a" * 66000], LabError, None, "shorter"),
        ("a", "A", [("192.0.2.1",)], LabError, None, "one text"),
        ("a", "A", [], LabError, None, ".delete"),
        ("a", "CNAME", ["a.example", "b.example"], LabError, None, "one value"),
        ("a", "MXX", ["10 a.example"], LabError, None, "'MXX'"),
        ("a", "ANY", ["x"], LabError, None, "'ANY'"),
        ("a", "TYPE70000", ["x"], LabError, None, "no type"),
        ("mail", "CNAME", ["a.example"], LabError, None, "has A, AAAA already"),
        ("www", "A", ["192.0.2.1"], LabError, None, "has CNAME already"),
        ("@", "CNAME", ["a.example"], LabError, None, "use another name."),
        ("", "A", ["192.0.2.1"], RecordError, (0, 0), "DNS name"),
        ("a..b", "A", ["192.0.2.1"], RecordError, (0, 4), "DNS name"),
        ("a" * 64, "A", ["192.0.2.1"], RecordError, (0, 64), "63 octets"),
        ("\udcff", "A", ["192.0.2.1"], RecordError, (0, 1), "DNS name"),
        (".".join(["a" * 60] * 4), "A", ["192.0.2.1"], RecordError, (0, 243), "255 octets"),
        ("mx.birch.example.", "A", ["192.0.2.1"], RecordError, (0, 17), "under acorn.example"),
    ],
)
def test_wrong_values(
    server: Dns,
    name: str,
    rdtype: str,
    values: list[str],
    error: type[Exception],
    span: tuple[int, int] | None,
    words: str,
) -> None:
    before = server.zone("acorn.example").text()
    with pytest.raises(error) as raised:
        server.zone("acorn.example").set(name, rdtype, *values)
    assert type(raised.value) is error
    assert getattr(raised.value, "span", None) == span
    assert words in str(raised.value)
    assert server.zone("acorn.example").text() == before


@pytest.mark.parametrize("ttl", [-1, 2**31])
def test_wrong_ttl(server: Dns, ttl: int) -> None:
    with pytest.raises(LabError, match="TTL"):
        server.zone("acorn.example").set("a", "A", "192.0.2.1", ttl=ttl)


TYPES = ["A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "LOC", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "SSHFP"]
TYPES += ["SVCB", "TLSA", "TXT"]


@settings(max_examples=300, deadline=None)
@given(
    name=st.text(max_size=20) | st.just("x"),
    rdtype=st.sampled_from(TYPES),
    value=st.text(max_size=40) | st.from_regex(r'[0-9 .:"\\#(;@a-z]{1,30}', fullmatch=True),
)
@example("x", "MX", "10 \udcff.example")
@example("x", "CNAME", "a" * 64 + ".example")
def test_any_text_is_served_or_refused(name: str, rdtype: str, value: str) -> None:
    other = Dns(lambda: NOW)
    zone = other.add_zone("acorn.example")
    try:
        zone.set(name, rdtype, value)
    except (RecordError, LabError) as error:
        assert str(error).isprintable() or isinstance(error, RecordError)
        return
    assert dns.zone.from_text(zone.text(), "acorn.example", relativize=False)
    for record in zone:
        owner = "acorn.example." if record.name == "@" else f"{record.name}.acorn.example."
        query = dns.message.make_query(owner, record.rdtype).to_wire()
        wire, _ = reply(query, ("127.0.0.1", 1), "tcp", other._answer)
        assert record.value in [str(rdata) for rrset in dns.message.from_wire(wire).answer for rdata in rrset]


def test_a_zone_is_a_zone_file(server: Dns) -> None:
    zone = server.zone("acorn.example")
    parsed = dns.zone.from_text(zone.text(), "acorn.example")
    assert len(list(parsed.iterate_rdatas())) == len(list(zone))
    first, second, *rest = zone
    assert (first.rdtype, second.rdtype) == ("SOA", "NS")
    assert [r.value for r in rest if (r.name, r.rdtype) == ("@", "MX")] == ["10 mail.acorn.example."]
    assert "mail 300 IN A 192.0.2.10\n" in str(zone)
    assert repr(zone) == f"<Zone acorn.example: {len(list(zone))} records>"


def test_the_serial_moves_with_each_edit(server: Dns) -> None:
    def serial() -> int:
        return int(server.resolve("acorn.example", "SOA")[0].serial)

    zone, before = server.zone("acorn.example"), serial()
    zone.set("a", "A", "192.0.2.1")
    assert serial() == before + 1
    zone.delete("nothing")
    assert serial() == before + 1
    zone.set("@", "SOA", "ns.example hostmaster.acorn.example 4294967295 7200 3600 1209600 30", ttl=10)
    assert serial() == 2**32 - 1
    assert udp(server, "no.acorn.example").authority[0].ttl == 10
    zone.delete("a")
    assert serial() == 0


def test_a_zone_keeps_soa_and_ns(server: Dns) -> None:
    zone = server.zone("acorn.example")
    for rdtype in ("SOA", "NS"):
        with pytest.raises(LabError, match=rdtype):
            zone.delete("@", rdtype)
    zone.delete("@")
    assert {record.rdtype for record in zone if record.name == "@"} == {"SOA", "NS"}


def test_zones_within_zones(server: Dns) -> None:
    acorn = server.zone("acorn.example")
    acorn.set("host.lab", "A", "192.0.2.77")
    acorn.set("lab", "TXT", "of the apex")
    lab = server.add_zone("lab.acorn.example")
    assert [record.name for record in lab] == ["@", "@", "@", "host"]  # it took over what was there
    assert str(udp(server, "no.lab.acorn.example").authority[0].name) == "lab.acorn.example."
    with pytest.raises(LabError, match=r"dns\.zone\('lab\.acorn\.example'\)"):
        acorn.set("new.lab", "A", "192.0.2.78")
    before = server.snapshot()
    assert server.add_zone("lab.acorn.example").text() == lab.text()  # again: nothing happens
    assert server.snapshot()[0] is before[0]
    with pytest.raises(LabError, match="alias"):
        server.add_zone("www.acorn.example")
    assert server.zones[0] == "."
    assert "lab.acorn.example" in server.zones


def test_a_zone_that_is_not_there(server: Dns) -> None:
    with pytest.raises(LabError, match=r"no zone 'oak\.example'.*acorn\.example"):
        server.zone("oak.example")
    with pytest.raises(RecordError):
        server.zone("oak..example")


# Faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "rcode"), [("servfail", "SERVFAIL"), ("refused", "REFUSED")])
@pytest.mark.parametrize("ask", [udp, tcp])
def test_refusing_faults(server: Dns, ask: Ask, what: str, rcode: str) -> None:
    server.fault("acorn.example", what, "MX")
    assert dns.rcode.to_text(ask(server, "acorn.example", "MX").rcode()) == rcode
    assert ask(server, "acorn.example", "TXT").answer
    with pytest.raises(dns.resolver.NoNameservers):
        server.resolve("acorn.example", "MX")
    server.mend("birch.example")
    assert len(server.faults) == 1
    server.mend("acorn.example")
    assert ask(server, "acorn.example", "MX").answer


def test_a_fault_hits_aliases_and_subtrees(server: Dns) -> None:
    server.fault("birch.example", "servfail", subtree=True)
    for name in ("birch.example", "mx.birch.example", "no.birch.example", "shop.acorn.example"):
        assert udp(server, name).rcode() == dns.rcode.SERVFAIL
    assert udp(server, "mail.acorn.example").answer
    server.fault("birch.example", "refused", subtree=True)  # in place of the first
    assert len(server.faults) == 1
    server.fault("mx.birch.example", "servfail")
    assert udp(server, "mx.birch.example").rcode() == dns.rcode.SERVFAIL  # the newest counts
    assert udp(server, "birch.example").rcode() == dns.rcode.REFUSED
    server.mend()
    assert udp(server, "mx.birch.example").answer


@pytest.mark.parametrize("ask", [udp, tcp])
def test_timeout(server: Dns, ask: Ask) -> None:
    server.fault("acorn.example", "timeout")
    host, port = server.address
    query = dns.message.make_query("acorn.example", "MX")
    exchange = dns.query.udp if ask is udp else dns.query.tcp
    with pytest.raises(dns.exception.Timeout):
        exchange(query, host, timeout=0.1, port=port)
    assert [(q.rcode, q.answers) for q in server.queries] == [("timeout", ())]
    assert ask(server, "mail.acorn.example").answer


def test_timeout_of_the_resolver(server: Dns) -> None:
    server.fault("acorn.example", "timeout")
    with pytest.raises(dns.exception.Timeout):
        server.resolve("acorn.example", "MX")
    assert len(server.queries) >= 2  # it asked again before it gave up


@pytest.mark.parametrize("ask", [udp, tcp])
def test_delay(server: Dns, ask: Ask) -> None:
    server.fault("acorn.example", 0.2)
    assert ask(server, "acorn.example", "MX").time >= 0.2
    assert server.queries[-1].rcode == "NOERROR"


@pytest.mark.parametrize("what", ["nonsense", 0, -1, 61, float("nan"), None])
def test_wrong_faults(server: Dns, what: str) -> None:
    with pytest.raises(LabError, match="timeout"):
        server.fault("acorn.example", what)


# The log --------------------------------------------------------------------------------------------


def test_the_log(server: Dns) -> None:
    udp(server, "www.acorn.example", "A")
    tcp(server, "NO.acorn.example", "MX")
    first, second = server.queries
    expected = Query(
        NOW, first.client, "www.acorn.example", "A", "NOERROR", ("mail.acorn.example.", "192.0.2.10"), "udp"
    )
    assert first == expected
    assert first.client.startswith("127.0.0.1:")
    assert (second.name, second.rcode, second.answers, second.transport) == (
        "NO.acorn.example",
        "NXDOMAIN",
        (),
        "tcp",
    )
    assert str(first) == "09:00:00 www.acorn.example A (udp): NOERROR, mail.acorn.example.; 192.0.2.10"


def test_the_log_is_bounded() -> None:
    server = Dns(lambda: NOW)
    for n in range(10_050):
        server._answer(dns.name.from_text(f"{n}.example"), dns.rdatatype.A, ("127.0.0.1", 1), "udp")
    assert len(server.queries) == 10_000
    assert server.queries[-1].name == "10049.example"


def test_a_name_in_the_log_cannot_hurt(shared: Dns) -> None:
    udp(shared, r"\027[31m<script>\226\128\174.acorn.example")
    assert shared.queries[-1].name.isascii()
    assert shared.queries[-1].name.isprintable()


# The resolvers --------------------------------------------------------------------------------------


def test_resolve(shared: Dns) -> None:
    assert [str(r) for r in shared.resolve("shop.acorn.example", "A")] == ["198.51.100.10"]
    assert len(shared.resolve("big.acorn.example.", "TXT")) == 12
    with pytest.raises(dns.resolver.NXDOMAIN):
        shared.resolve("nobody.acorn.example", "A")
    with pytest.raises(dns.resolver.NoAnswer):
        shared.resolve("mail.acorn.example", "MX")
    with pytest.raises(dns.resolver.NoNameservers):
        shared.resolve("ring.acorn.example", "A")
    with pytest.raises(RecordError):
        shared.resolve("mail..example", "A")
    with pytest.raises(LabError):
        shared.resolve("mail.acorn.example", "AXFR")


def test_the_async_resolver(shared: Dns, thread: LoopThread) -> None:
    async def look() -> list[str]:
        return [str(r) for r in await shared.async_resolver().resolve("acorn.example", "MX")]

    assert thread.run(look()) == ["10 mail.acorn.example."]


def test_the_loop_may_not_wait_for_itself(shared: Dns, thread: LoopThread) -> None:
    async def look() -> None:
        shared.resolve("acorn.example", "MX")

    with pytest.raises(LabError, match="async_resolver"):
        thread.run(look())


def test_another_loop_may_wait(shared: Dns) -> None:
    async def look() -> int:
        return len(shared.resolve("acorn.example", "MX"))

    assert asyncio.run(look()) == 1


def test_it_never_asks_a_real_server(
    shared: Dns, thread: LoopThread, loopback_attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard in conftest.py sees every connect and send; and the system's resolvers are not read."""

    def read(*_: object) -> None:
        raise AssertionError("the system's DNS configuration was read")

    monkeypatch.setattr(socket, "gethostname", lambda: "laptop.birch.example")
    monkeypatch.setattr(dns.resolver.BaseResolver, "read_resolv_conf", read)
    monkeypatch.setattr(dns.resolver, "get_default_resolver", read)
    monkeypatch.setattr(dns.asyncresolver, "get_default_resolver", read)
    before = len(shared.queries)
    for name in ("gmail.com", "localhost", "www", "1.1.1.1.in-addr.arpa", "far.acorn.example"):
        with pytest.raises(dns.resolver.NXDOMAIN):
            shared.resolve(name, "A")
        with pytest.raises(dns.resolver.NXDOMAIN):
            thread.run(_resolve(shared.async_resolver(), name))
    assert len(shared.queries) - before == 10
    assert loopback_attempts == []
    for resolver in (shared.resolver(), shared.async_resolver()):
        assert (resolver.nameservers, resolver.port) == ([shared.address[0]], shared.address[1])
        assert (resolver.search, resolver.domain, resolver.cache) == ([], dns.name.root, None)


async def _resolve(resolver: dns.asyncresolver.Resolver, name: str) -> None:
    await resolver.resolve(name, "A")


# Under fire -----------------------------------------------------------------------------------------

GOOD = dns.message.make_query("acorn.example", "MX", use_edns=0).to_wire()
NOISE = st.one_of(
    st.binary(max_size=600),
    st.binary(max_size=100).map(lambda tail: HEADER.pack(7, 0, 1, 0, 0, 0) + tail),
    st.binary(max_size=60).map(lambda tail: HEADER.pack(7, 0, 1, 0, 0, 1) + QUESTION + b"\0\0\x29" + tail),
    st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6)).map(
        lambda change: GOOD[: change[0]] + change[1] + GOOD[change[0] + len(change[1]) :]
    ),
)


@settings(max_examples=1500, deadline=None)
@given(NOISE)
def test_noise_gets_a_response_or_silence(wire: bytes) -> None:
    back, _ = reply(wire, ("127.0.0.1", 1), "udp", _quiet._answer)
    if back:
        assert back[:2] == wire[:2]
        assert back[2] & 0x80
        assert len(back) <= 1232
        dns.message.from_wire(back)


_quiet = Dns(lambda: NOW)
fill(_quiet)


@settings(max_examples=100, deadline=None)
@given(NOISE, NOISE)
def test_noise_over_udp(shared: Dns, first: bytes, second: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(shared.address)
        for noise in (first, second):
            with contextlib.suppress(ConnectionRefusedError):
                sock.send(noise)
    assert udp(shared, "acorn.example", "MX").answer


@settings(max_examples=100, deadline=None)
@given(st.lists(NOISE | NOISE.map(framed), max_size=4))
def test_noise_over_tcp(shared: Dns, noise: list[bytes]) -> None:
    with socket.create_connection(shared.address, 5) as sock, contextlib.suppress(ConnectionError):
        for data in noise:
            sock.sendall(data)
    assert tcp(shared, "acorn.example", "MX").answer


def test_a_thousand_queries_from_threads_while_zones_change(server: Dns) -> None:
    zone = server.zone("acorn.example")
    zone.set("hot", "A", "192.0.2.1", "198.51.100.1")

    def ask(n: int) -> bool:
        if n % 5 == 0:
            zone.set("hot", "A", f"192.0.2.{n % 250}", f"198.51.100.{n % 250}")
            assert list(zone)
            assert len(server.queries) <= n + 8
        exchange = tcp if n % 10 == 1 else udp
        answer = exchange(server, "hot.acorn.example").answer[0]
        first, second = (str(rdata).rsplit(".", 1)[1] for rdata in answer)
        return first == second  # both of one edit

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(1000)))
    assert len(server.queries) == 1000


# Beginning and end ----------------------------------------------------------------------------------


def test_stop_leaves_nothing(thread: LoopThread) -> None:
    server = Dns(lambda: NOW)
    fill(server)
    tasks = len(asyncio.all_tasks(thread.loop))
    thread.run(server.start())
    address = server.address
    server.fault("acorn.example", 60)
    with socket.create_connection(address, 5) as idle, socket.create_connection(address, 5) as waiting:
        waiting.sendall(framed(GOOD))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(GOOD, address)
        assert tcp(server, "mail.acorn.example").answer  # by now the three before are taken
        thread.run(server.stop())
        thread.run(server.stop())
        for sock in (idle, waiting):
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 5)
    assert len(asyncio.all_tasks(thread.loop)) == tasks
    assert server._server._tasks == set()
    with pytest.raises(LabError, match="not running"):
        server.resolver()
    thread.run(server.start())  # and once more
    server.mend()
    assert udp(server, "acorn.example", "MX").answer
    thread.run(server.stop())


@pytest.mark.parametrize("taken", [1, dns_server.PORT_TRIES])
def test_one_port_for_both_transports(
    thread: LoopThread, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    left, real = [taken], thread.loop.create_datagram_endpoint

    async def endpoint(*arguments: object, **more: object) -> object:
        if left[0]:
            left[0] -= 1
            raise OSError("taken")
        return await real(*arguments, **more)

    monkeypatch.setattr(thread.loop, "create_datagram_endpoint", endpoint)
    server = Dns(lambda: NOW)
    if taken == dns_server.PORT_TRIES:
        with pytest.raises(LabError, match="port"):
            thread.run(server.start())
    else:
        thread.run(server.start())
        assert udp(server, ".", "NS").answer
        assert tcp(server, ".", "NS").answer
    thread.run(server.stop())
