"""What a listener makes of the wire: real handshakes by OpenSSL, and octets that anyone may have sent."""

from __future__ import annotations

import hashlib
import ssl
import time

import dpkt.ssl_ciphersuites
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.errors import RecordError
from smtplab.mail.tls_extensions import Cursor
from smtplab.mail.tls_hello import RETRY, ClientHello, ServerHello, read_message
from smtplab.mail.tls_listener import listen
from smtplab.mail.tls_names import GROUPS, SUITES, is_grease, named
from smtplab.mail.tls_records import HEADER, Heard, Record, read_header
from smtplab.mail.transcript import Event, Side
from tests.mail.tls_pair import NAME, Pair, certificate, client, server, talked

C, S = Side.CLIENT, Side.SERVER
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
HELLO = [(S, b"220 mx.birch.example ESMTP\r\n"), (C, b"EHLO me\r\n")]


def heard(*pieces: bytes, side: Side = C, tls: bool = True) -> list[Heard]:
    """What is heard of one side, when it comes in these pieces."""
    return listen(Event(number / 1000, side, piece, tls) for number, piece in enumerate(pieces))


def names(things: list[Heard]) -> list[str]:
    return [f"{one.side} {one.record.name}" if one.record else f"{one.side} {one.kind}" for one in things]


def body(things: list[Heard], kind: type) -> ClientHello | ServerHello:
    return next(
        message.body
        for one in things
        if one.record
        for message in one.record.messages
        if isinstance(message.body, kind)
    )


def record(code: int, data: bytes, version: int = 0x0303) -> bytes:
    return bytes([code]) + version.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def message(code: int, data: bytes) -> bytes:
    return bytes([code]) + len(data).to_bytes(3, "big") + data


# real handshakes ----------------------------------------------------------------------------------------


def test_tls_1_3_seals_all_but_the_hellos() -> None:
    found = names(listen(talked(*HELLO).wire))
    front = ["C handshake · ClientHello", "S handshake · ServerHello", "S change cipher spec"]
    assert found[:3] == front
    assert set(found[3:]) == {"S application data", "C change cipher spec", "C application data"}


def test_tls_1_2_shows_the_certificate() -> None:
    things = listen(talked(*HELLO, maximum_version=TLS12).wire)
    assert names(things)[:5] == [
        "C handshake · ClientHello",
        "S handshake · ServerHello",
        "S handshake · Certificate",
        "S handshake · ServerKeyExchange",
        "S handshake · ServerHelloDone",
    ]
    assert {"C handshake · sealed", "S handshake · sealed"} <= set(names(things))
    shown = next(m for one in things if one.record for m in one.record.messages if m.name == "Certificate")
    der = ssl.PEM_cert_to_DER_cert(certificate().cert_chain_pems[0].bytes().decode())
    assert shown.body == (der,)


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_the_client_hello_in_clear(version: ssl.TLSVersion) -> None:
    hello = body(listen(talked(minimum_version=version, maximum_version=version).wire), ClientHello)
    assert isinstance(hello, ClientHello)
    assert hello.server_name == NAME
    assert hello.versions == (int(version),)
    assert 29 in hello.groups  # X25519
    offered = {one["id"] & 0xFFFF for one in client(maximum_version=version).get_ciphers()}
    assert set(hello.suites) <= offered
    assert len(hello.suites) > 2


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_the_server_hello_in_clear(version: ssl.TLSVersion) -> None:
    pair = Pair(client(maximum_version=version), server())
    pair.shake()
    hello = body(listen(pair.transcript.wire), ServerHello)
    assert isinstance(hello, ServerHello)
    assert hello.version == version
    assert hello.retry is hello.resumed is False
    name, _, _ = pair.ends[C].cipher() or ("", "", 0)
    known = {one["name"]: one["id"] & 0xFFFF for one in client().get_ciphers()}
    assert hello.suite == known[name]


def test_no_name_no_sni() -> None:
    pair = Pair(client(check_hostname=False), server(), name=None)
    pair.shake()
    hello = body(listen(pair.transcript.wire), ClientHello)
    assert isinstance(hello, ClientHello)
    assert hello.server_name == ""


def test_application_protocols() -> None:
    things = listen(talked(set_alpn_protocols=["smtp", "x"]).wire)
    hello = body(things, ClientHello)
    assert isinstance(hello, ClientHello)
    assert hello.protocols == ("smtp", "x")


def test_hello_retry_request() -> None:
    pair = Pair(client(), server(set_ecdh_curve="secp384r1"))
    pair.shake()
    pair.say(C, b"EHLO me\r\n")
    things = listen(pair.transcript.wire)
    assert [name for name in names(things) if "Hello" in name] == [
        "C handshake · ClientHello",
        "S handshake · HelloRetryRequest",
        "C handshake · ClientHello",  # in clear, though change cipher spec came before it
        "S handshake · ServerHello",
    ]
    assert hashlib.sha256(b"HelloRetryRequest").digest() == RETRY


def test_an_earlier_session_goes_on() -> None:
    contexts = client(), server()
    first = Pair(*contexts)
    first.shake()
    first.say(S, b"220 x\r\n")  # brings the tickets
    again = Pair(*contexts, session=first.ends[C].session)
    again.shake()
    assert again.ends[C].session_reused
    hello = body(listen(again.transcript.wire), ServerHello)
    assert isinstance(hello, ServerHello)
    assert hello.resumed


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_refused_certificate_is_an_alert_in_clear(version: ssl.TLSVersion) -> None:
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pair = Pair(strict, server(maximum_version=version))
    with pytest.raises(ssl.SSLCertVerificationError):
        pair.shake()
    last = listen(pair.transcript.wire)[-1]
    assert last.record is not None
    assert last.record.name == "alert · fatal, unknown CA"
    assert [field.words for field in last.fields()][-2:] == ["fatal", "unknown CA"]


@pytest.mark.parametrize("options", [{}, {"maximum_version": TLS12}])
def test_farewells_are_sealed(options: dict[str, object]) -> None:
    pair = Pair(client(**options), server(**options))
    pair.shake()
    with pytest.raises(ssl.SSLWantReadError):
        pair.ends[C].unwrap()
    pair.carry(C)
    last = listen(pair.transcript.wire)[-1].record
    assert last is not None
    assert last.sealed
    assert last.name == ("alert · sealed" if options else "application data")
    assert last.inside == (2, 2)


SUITES_OF_12 = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES256-CCM",
    "ECDHE-ECDSA-AES256-CCM8",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA384",
]


@pytest.mark.parametrize("suite", ["", *SUITES_OF_12])
@pytest.mark.parametrize("size", [1, 15, 16, 17, 1000, 2**14])
def test_the_size_of_what_is_inside(suite: str, size: int) -> None:
    options: dict[str, object] = {}
    if suite:
        options = {"maximum_version": TLS12, "set_ciphers": f"{suite}:@SECLEVEL=0"}
    last = listen(talked((C, b"x" * size), **options).wire)[-1].record
    assert last is not None
    low, high = last.inside
    assert low <= size <= high
    assert high - low == (15 if suite.endswith(("SHA", "SHA384")) else 0)


def test_tls_1_3_handshake_records_are_told_by_their_place() -> None:
    things = [one for one in listen(talked(*HELLO).wire) if one.record and one.record.code == 23]
    setup = [one.side for one in things if one.record and one.record.setup]
    assert setup == [S, S, S, S, C]
    assert len(things) > len(setup)


# clear text and where TLS begins ------------------------------------------------------------------------


def test_clear_text_is_lines_then_records() -> None:
    pair = Pair(client(), server())
    for side, data in [
        (S, b"220 mx\r\n"), (C, b"EHLO me\r\n"), (S, b"250-mx\r\n250 STARTTLS\r\n"), (C, b"STARTTLS\r\n"),
        (S, b"220 Go\r\n"),
    ]:  # fmt: skip
        pair.clear(side, data)
    pair.shake()
    things = listen(pair.transcript.wire)
    texts = [one.data for one in things if one.kind == "text"]
    assert texts == [
        b"220 mx\r\n",
        b"EHLO me\r\n",
        b"250-mx\r\n",
        b"250 STARTTLS\r\n",
        b"STARTTLS\r\n",
        b"220 Go\r\n",
    ]
    assert {one.kind for one in things} == {"text", "record"}


@pytest.mark.parametrize(
    "front",
    [b"", b"STARTTLS\r\n", b"EHLO x\r\nstarttls \r\n", b"STLS\n", b"a1 STARTTLS\r\n"],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100_000])
def test_where_tls_begins_unannounced(front: bytes, size: int) -> None:
    hello = talked().wire[0].data
    octets = front + hello
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    assert names(heard(*pieces, tls=False))[-1] == "C handshake · ClientHello"


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO x\r\n\x16\x03\x01\x00\x01x\r\n",  # not after STARTTLS
        b"\x16\x03\x07\x00\x01x\r\n",  # no version
        b"\x15\x03\x01\x00\x02\x02\x28\r\n",  # no connection begins with an alert
        b"\x16",
        b"\x16\x03",
        b"\x16\r\n",
    ],
)
def test_what_is_not_tls_stays_text(octets: bytes) -> None:
    things = heard(octets, tls=False)
    assert {one.kind for one in things} == {"text"}
    assert b"".join(one.data for one in things) == octets


def test_half_a_line_is_handed_over_when_tls_begins_and_at_the_end() -> None:
    things = listen([Event(0, C, b"NO"), Event(1, C, talked().wire[0].data, tls=True), Event(2, S, b"22")])
    assert [(one.kind, one.data[:2], one.cut, one.t) for one in things] == [
        ("text", b"NO", True, 0),
        ("record", b"\x16\x03", False, 1),
        ("text", b"22", True, 2),
    ]


def test_the_front_of_a_record_is_kept_when_tls_is_seen_to_begin() -> None:
    hello = talked().wire[0].data
    assert names(listen([Event(0, C, hello[:2]), Event(1, C, hello[2:], tls=True)])) == [
        "C handshake · ClientHello"
    ]


# records in pieces, together, cut off -------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_records_split_over_chunks_are_the_same(size: int) -> None:
    wire = talked(*HELLO).wire
    pieces = [
        Event(event.t, event.side, event.data[at : at + size], event.tls)
        for event in wire
        for at in range(0, len(event.data), size)
    ]
    assert names(listen(pieces)) == names(listen(wire))


def test_a_record_has_the_time_of_its_last_octet() -> None:
    (one,) = heard(b"\x17\x03", b"\x03\x00\x01", b"x")
    assert (one.t, one.number) == (0.002, 2)


def test_a_record_that_is_cut_off() -> None:
    whole = record(23, b"x" * 100)
    (one,) = heard(whole[:20])
    assert (one.kind, one.cut) == ("record", True)
    assert one.record is not None
    assert one.record.length == 100
    assert "15 of 100 octets" in one.record.fault
    (front,) = heard(whole[:3])
    assert (front.kind, front.cut) == ("junk", True)


def test_handshake_messages_over_several_records_and_several_in_one() -> None:
    shake = talked(maximum_version=TLS12).wire
    flight = [one for one in listen(shake) if one.side is S and one.record and one.record.messages]
    bodies = b"".join(one.data[HEADER:] for one in flight[:3])  # ServerHello, Certificate, ServerKeyExchange
    together = heard(record(22, bodies), side=S)
    assert names(together) == ["S handshake · ServerHello, Certificate, ServerKeyExchange"]
    apart = heard(*(record(22, bodies[at : at + 50]) for at in range(0, len(bodies), 50)), side=S)
    said = [message.name for one in apart if one.record for message in one.record.messages]
    assert said == ["ServerHello", "Certificate", "ServerKeyExchange"]
    assert "S handshake · Certificate, a part" in names(apart)


# hostile octets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (b"EHLO ", (0, 1)),
        (b"\x16\x04\x03\x00\x01", (1, 3)),
        (b"\x16\x03\x05\x00\x01", (1, 3)),
        (b"\x17\x03\x03\xff\xff", (3, 5)),
        (b"\x17\x03\x03\x48\x01", (3, 5)),
    ],
)
def test_a_header_that_no_record_has(header: bytes, span: tuple[int, int]) -> None:
    with pytest.raises(RecordError) as raised:
        read_header(header)
    assert raised.value.span == span
    things = heard(record(23, b"x") + header, b"more", b"and more")
    assert names(things) == ["C application data", "C junk", "C junk", "C junk"]
    assert all(one.fault for one in things[1:])


def test_the_biggest_record_there_is() -> None:
    assert read_header(b"\x17\x03\x03\x48\x00") == (23, 0x0303, 2**14 + 2048)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x03\x03" + b"r" * 31,
        b"\x03\x03" + b"r" * 32 + b"\xff",
        b"\x03\x03" + b"r" * 32 + b"\x00\x00\x03abc",
        b"\x03\x03" + b"r" * 32 + b"\x00\x00\x02ab\x01\x00\x00\x08\x00\x00\xff\xffabcd",
        b"\x03\x03" + b"r" * 32 + b"\x00\x00\x02ab\x01\x00\x00\x09\x00\x00\x00\x05\x00\x03\x00\xff\xff",
        b"\x03\x03" + b"r" * 32 + b"\x00\x00\x02ab\x01\x00\x00\x08\x00\x2b\x00\x04\x03\x03\x04\x03",
    ],
)
def test_a_hello_that_is_malformed(data: bytes) -> None:
    (one,) = heard(record(22, message(1, data)))
    assert one.record is not None
    assert one.record.messages[0].body is None
    assert one.record.fault
    assert one.record.fault == one.record.messages[0].fault


def test_a_message_that_claims_sixteen_megabytes() -> None:
    front = record(22, b"\x0b\xff\xff\xff" + b"x" * 100)
    things = heard(front, record(22, b"y" * 100))
    assert things[0].record is not None
    assert "16,777,219 octets" in things[0].record.fault


def test_a_chain_of_very_many_certificates() -> None:
    listed = b"\x00\x00\x01x" * 20_000
    found = read_message(message(11, len(listed).to_bytes(3, "big") + listed))
    assert found.fault == ""
    assert isinstance(found.body, tuple)
    assert len(found.body) == 20


def test_an_alert_of_no_known_kind_and_one_that_is_none() -> None:
    odd, none = heard(record(21, b"\x09\xfe"), record(21, b"abc"))
    assert odd.record is not None and none.record is not None
    assert odd.record.name == "alert · 0x09, 0xfe"
    assert none.record.fault == "not two octets, as an alert has"


def test_made_up_values_are_left_out() -> None:
    assert [is_grease(code) for code in (0x0A0A, 0xFAFA, 0x0A1A, 0x1301)] == [True, True, False, False]
    extensions = b"".join(
        code + len(data).to_bytes(2, "big") + data
        for code, data in [
            (b"\x4a\x4a", b""),
            (b"\x00\x2b", b"\x04\x2a\x2a\x03\x04"),
            (b"\x00\x0a", b"\x00\x04\x3a\x3a\x00\x1d"),
        ]
    )
    front = b"\x03\x03" + b"r" * 32 + b"\x00" + b"\x00\x06\x1a\x1a\x13\x01\x00\xff" + b"\x01\x00"
    found = read_message(message(1, front + len(extensions).to_bytes(2, "big") + extensions))
    assert isinstance(found.body, ClientHello)
    assert (found.body.suites, found.body.versions, found.body.groups) == ((0x1301,), (0x0304,), (29,))
    assert "0x4a4a (made up)" in [field.name for field in found.fields]


@pytest.mark.parametrize(
    ("pieces", "tls"),
    [
        ([record(23, b"x" * 10)], True),
        ([b"\x17\x03\x03\x00\x01"], True),
        ([b"y" * 100], False),  # a line that never ends
        ([b"x\r\n"], False),
    ],
)
def test_time_is_proportional(pieces: list[bytes], tls: bool) -> None:
    def cost(count: int) -> float:
        begun = time.process_time()
        heard(*pieces * count, tls=tls)
        return time.process_time() - begun

    few, many = (min(cost(count) for _ in range(3)) for count in (2_000, 20_000))
    assert many < 30 * few


@given(st.lists(st.tuples(st.sampled_from([C, S]), st.binary(max_size=60), st.booleans()), max_size=12))
def test_nothing_is_lost_and_nothing_raises(chunks: list[tuple[Side, bytes, bool]]) -> None:
    events = [Event(number, side, data, tls) for number, (side, data, tls) in enumerate(chunks)]
    things = listen(events)
    for side in Side:
        sent = b"".join(event.data for event in events if event.side is side)
        assert b"".join(one.data for one in things if one.side is side) == sent
    for one in things:
        list(one.fields())
        assert one.data


RECORDS = st.builds(
    record,
    st.sampled_from([20, 21, 22, 22, 22, 23]),
    st.one_of(
        st.binary(max_size=40),
        st.builds(message, st.sampled_from([1, 2, 4, 11, 20]), st.binary(max_size=90)),
        st.builds(lambda rest: message(1, b"\x03\x03" + b"r" * 32 + rest), st.binary(max_size=60)),
    ),
)


@given(st.lists(RECORDS, max_size=8), st.integers(1, 50))
def test_well_framed_nonsense_is_records(records: list[bytes], size: int) -> None:
    octets = b"".join(records)
    things = heard(*(octets[at : at + size] for at in range(0, len(octets), size)))
    assert [one.data for one in things] == records
    assert [len(one.data) for one in things] == [HEADER + one.record.length for one in things if one.record]


@given(st.binary(max_size=80), st.integers(0, 3))
def test_a_cursor_raises_record_error_alone(data: bytes, size: int) -> None:
    cursor = Cursor(data, "it")
    try:
        while len(cursor):
            cursor.vector(size or 1, "part")
            cursor.pairs()
    except RecordError as error:
        start, end = error.span
        assert 0 <= start <= end <= len(data)
        assert str(error)


# names --------------------------------------------------------------------------------------------------


def test_suites_are_named_as_iana_names_them() -> None:
    others = {suite.code: suite.name for suite in dpkt.ssl_ciphersuites.CIPHERSUITES}
    assert {code: others[code] for code in SUITES} == SUITES


def test_a_number_without_a_name_is_its_digits() -> None:
    assert named(GROUPS, 0x7777) == "0x7777"
    assert named(GROUPS, 0x2A2A) == "0x2a2a (made up)"
    assert named({}, 7) == "0x07"
    assert Record(23, 0x0303, 0).name == "application data"
