"""The eavesdropper's view of real sessions in the lab, and of octets that nobody should have sent."""

from __future__ import annotations

import re
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.desk import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.show import eavesdrop, theme
from smtplab.show.eavesdrop import Eavesdropper, html, text
from smtplab.show.eavesdrop_rows import Row, View, view
from smtplab.show.eavesdrop_summary import amounts, learnt
from smtplab.show.rungs import columns
from tests.mail.tls_pair import Pair, client, server, talked
from tests.show.test_show_theme import PAGES, contrast, properties

C, S = Side.CLIENT, Side.SERVER
TLS12 = ssl.TLSVersion.TLSv1_2
LOGIN = "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
MESSAGE = b"From: alice@acorn.example\nSubject: Rendezvous\n\nAt noon, by the oak.\n"
MAIL = ["MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>", "DATA", MESSAGE]
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m'

# What a listener must not read of a session under TLS: in clear, in base64, in hexadecimal.
HIDDEN = [
    "wonderland", "AGFsaWNl", "Rendezvous", "by the oak", "alice@acorn.example", "bob@birch.example", "MAIL",
    b"wonderland".hex(" "), b"Rendezvous".hex(" "),
]  # fmt: skip


class Cells(HTMLParser):
    """The text of every cell, by its class: `se-in`, `se-out` and so on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[tuple[str, str]] = []
        self._kind, self._depth = "", 0
        self.feed(str(page))  # Markup would escape the pieces again

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        if tag == "div" and known.get("role") in ("cell", "gridcell"):
            self._kind, self._depth = str(known["class"]), 0
            self.cells.append((self._kind, ""))
        if self._kind and tag == "div":
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if self._kind and tag == "div":
            self._depth -= 1
            self._kind = self._kind if self._depth else ""

    def handle_data(self, data: str) -> None:
        if self._kind:
            self.cells[-1] = (self._kind, self.cells[-1][1] + data)

    def of(self, kind: str) -> list[str]:
        return [said for name, said in self.cells if name == kind]


def right(page: str) -> str:
    """All that stands on the listener's side."""
    return "\n".join(Cells(page).of("se-out"))


def sentence(seen: View) -> str:
    return "".join(fact.text for fact in learnt(seen))


def records(rows: Sequence[Row]) -> list[str]:
    return [one.record.name for row in rows for one in row.heard if one.record]


def phases(seen: View) -> list[str]:
    return [row.phase for row in seen.rows if row.phase]


def transcript(events: list[Event], wire: list[Event] | None = None, **ends: Endpoint) -> Transcript:
    client = ends.get("client") or Endpoint("mail.acorn.example", "192.0.2.10", 40001)
    server = ends.get("server") or Endpoint("mx.birch.example", "198.51.100.10", 25)
    made = Transcript(1, client, server, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    made.events, made.wire = events, events if wire is None else wire
    return made


# real sessions ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


def ended(lab: Lab, made: Transcript) -> Transcript:
    """`made`, once both its ends are gone."""
    limit = time.monotonic() + 10
    while not made.closed:
        assert time.monotonic() < limit
        lab.settle()
    return made


def clear(lab: Lab) -> Transcript:
    """A session on port 25 without TLS, with a password that nobody asked for."""
    with lab.connect("mx.birch.example") as session:
        session.say("EHLO me", LOGIN, *MAIL, "QUIT")
        return session.transcript


def starttls(lab: Lab, port: int, version: ssl.TLSVersion | None = None) -> Transcript:
    """A message under STARTTLS."""
    context = lab.tls_context()
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    host = "mx.birch.example" if port == 25 else "mail.acorn.example"
    with lab.smtp(host, port) as smtp:
        smtp.starttls(context=context)
        if port != 25:
            smtp.login("alice@acorn.example", "wonderland")
        smtp.sendmail("alice@acorn.example", "bob@birch.example", MESSAGE.decode())
    return lab.transcripts[-1] if port == 25 else _newest(lab, port)


def implicit(lab: Lab) -> Transcript:
    """A message on port 465."""
    with lab.smtp_ssl("mail.acorn.example") as smtp:
        smtp.login("alice@acorn.example", "wonderland")
        smtp.sendmail("alice@acorn.example", "bob@birch.example", MESSAGE.decode())
    return _newest(lab, 465)


def _newest(lab: Lab, port: int) -> Transcript:
    lab.settle()
    return [one for one in lab.transcripts if one.server.port == port][-1]


SEALED: dict[str, Callable[[Lab], Transcript]] = {
    "STARTTLS on 25, TLS 1.3": lambda lab: starttls(lab, 25),
    "STARTTLS on 25, TLS 1.2": lambda lab: starttls(lab, 25, TLS12),
    "STARTTLS on 587, TLS 1.3": lambda lab: starttls(lab, 587),
    "STARTTLS on 587, TLS 1.2": lambda lab: starttls(lab, 587, TLS12),
    "implicit TLS on 465": implicit,
}


@pytest.fixture(scope="module", params=SEALED)
def sealed(lab: Lab, request: pytest.FixtureRequest) -> Transcript:
    return ended(lab, SEALED[request.param](lab))


def test_nothing_said_under_tls_is_on_the_right(sealed: Transcript) -> None:
    page = html(sealed, secrets=True)
    left = "\n".join(Cells(page).of("se-in"))
    assert "Rendezvous" in left and "by the oak" in left
    outside = right(page) + "".join(fact.text for fact in learnt(view(sealed)))
    assert [word for word in HIDDEN if word in outside] == []
    listener = [line.partition(" | ")[2] for line in text(sealed, secrets=True).splitlines()]
    assert [word for word in HIDDEN if word in "\n".join(listener)] == []


def test_secrets_are_masked_unless_asked_for(sealed: Transcript) -> None:
    logged_in = any(b"AUTH" in event.data for event in sealed.events if event.side is C)
    for shown in (html(sealed), text(sealed)):
        assert "AGFsaWNl" not in shown
        assert ("[hidden]" in shown) == logged_in
    assert ("AGFsaWNl" in html(sealed, secrets=True)) == logged_in


def test_every_octet_of_the_wire_is_shown_once(sealed: Transcript) -> None:
    seen = view(sealed)
    for side in Side:
        sent = b"".join(event.data for event in sealed.wire if event.side is side)
        heard = [one for row in seen.rows for one in row.heard if one.side is side]
        assert b"".join(one.data for one in heard) == sent
        assert sum(5 + one.record.length if one.record else len(one.data) for one in heard) == len(sent)
    assert amounts(seen).total == sum(len(event.data) for event in sealed.wire)


def test_each_line_stands_beside_the_octets_that_carried_it(sealed: Transcript) -> None:
    seen = view(sealed)
    for row in seen.rows:
        for line in row.lines:
            if line.kind in ("tls", "close"):
                continue
            assert row.heard and row.sure, line
            assert {one.side for one in row.heard} == {line.side}
            (record,) = [one.record for one in row.heard] if line.tls else [None]
            if record:
                said = sum(len(each.text.replace("\n", "\r\n").encode()) + 2 for each in row.lines)
                assert record.inside == (said, said)
                assert record.name == "application data"
    assert [line for row in seen.rows for line in row.lines] == seen.lines


def test_rows_are_in_the_order_of_the_wire(sealed: Transcript) -> None:
    times = [one.t for row in view(sealed).rows for one in row.heard]
    assert times == sorted(times)


def test_parts_of_the_connection(sealed: Transcript) -> None:
    seen = view(sealed)
    front = [] if sealed.server.port == 465 else ["clear"]
    assert phases(seen) == [*front, "setup", "sealed"]
    begins = next(place for place, row in enumerate(seen.rows) if row.phase == "sealed")
    assert all(one.record and one.record.setup for row in seen.rows[:begins] for one in row.heard if row.own)
    assert not any(line.tls for row in seen.rows[:begins] for line in row.lines)


def test_what_is_learnt_of_a_sealed_session(sealed: Transcript) -> None:
    said = sentence(view(sealed))
    assert said.startswith("Without a key, Mallory still learns that ")
    for word in (sealed.client.address, sealed.server.address, f"port {sealed.server.port}", "2026-03-02"):
        assert word in said
    assert f"asked for {sealed.server.host};" in said
    readable = "the certificate, for" in said
    assert readable != ("nothing of the certificate, which TLS 1.3 seals" in said)
    assert readable == ("TLSv1.2" in next(line.text for line in view(sealed).lines if line.kind == "tls"))
    assert ("octets in clear before TLS" in said) == (sealed.server.port != 465)
    assert said.endswith("Of what was said under TLS it reads not one word.")


def test_the_certificate_is_unreadable_in_tls_1_3_and_read_in_1_2(lab: Lab) -> None:
    new, old = right(html(starttls(lab, 587))), right(html(starttls(lab, 587, TLS12)))
    assert "encrypted handshake: the certificate is in here, unreadable" in new
    assert "handshake · Certificate" not in new
    assert "handshake · Certificate" in old
    assert "leak · certificate for mail.acorn.example, by OU=the lab's CA,O=smtplab" in old
    assert "unreadable" not in old
    for page in (new, old):
        assert "leak · host name (SNI) mail.acorn.example" in page


def test_a_session_in_clear_is_the_same_on_both_sides(lab: Lab) -> None:
    made = ended(lab, clear(lab))
    seen = view(made)
    assert phases(seen) == ["clear"]
    inside = "".join(line.text.replace("\n", "\r\n") + "\r\n" for row in seen.rows for line in row.lines[:1])
    outside = "".join(one.data.decode() for row in seen.rows for one in row.heard)
    assert inside.startswith(outside)
    page = html(made)
    for word in ("Rendezvous", "by the oak", "MAIL FROM:<alice@acorn.example>"):
        assert word in right(page)
    said = sentence(seen)
    assert said.startswith("Mallory reads everything: that 192.0.2.10 ")
    assert "FROM:<alice@acorn.example>, TO:<bob@birch.example>" in said
    assert "the message, all 4 lines of it" in said
    assert "and the password." in said


def test_a_password_in_clear_is_a_leak(lab: Lab) -> None:
    page = html(clear(lab))
    assert "AUTH PLAIN [hidden]" in "".join(Cells(page).of("se-in"))
    assert LOGIN in right(page)
    assert r"leak · password base64 of \x00alice@acorn.example\x00wonderland" in right(page)
    assert "leak, password: base64 of" in text(clear(lab), width=200)


@pytest.mark.parametrize(("host", "port"), [("mail.acorn.example", 587), ("mx.birch.example", 25)])
def test_tls_to_a_port_that_speaks_clear_first(lab: Lab, host: str, port: int) -> None:
    with pytest.raises(LabError, match="WRONG_VERSION_NUMBER"):
        lab.connect(host, port, tls=True)
    made = ended(lab, lab.transcripts[-1])
    seen = view(made)
    assert "handshake · ClientHello" in records(seen.rows)
    assert "sealed" not in phases(seen)
    assert "asked for " + host in sentence(seen)
    assert sentence(seen).startswith("TLS never stood. Mallory learns that ")
    page = html(made)
    assert f"leak · host name (SNI) {host}" in right(page)
    assert "takes the octets of this record for commands" in "".join(Cells(page).of("se-in"))


def test_plain_text_to_a_port_that_speaks_tls(lab: Lab) -> None:
    with lab.connect("mail.acorn.example", 465, tls=False, greeting=False) as session:
        session.write(b"EHLO me\r\n")
        with pytest.raises(LabError):
            session.read()
        seen = view(ended(lab, session.transcript))
    assert phases(seen)[0] == "clear"
    assert sentence(seen).startswith("Mallory reads everything: ")
    assert "EHLO me" in right(html(seen.transcript))
    assert "TLS failed: WRONG_VERSION_NUMBER" in "".join(Cells(html(seen.transcript)).of("se-in"))


def test_a_client_that_does_not_believe_the_certificate(lab: Lab) -> None:
    strict = ssl.create_default_context()
    with lab.smtp("mail.acorn.example") as smtp:
        with pytest.raises(ssl.SSLCertVerificationError):
            smtp.starttls(context=strict)
        smtp.close()
    made = ended(lab, _newest(lab, 587))
    assert "alert · fatal, unknown CA" in records(view(made).rows)
    assert "The client gives up: unknown CA." in "".join(Cells(html(made)).of("se-in"))


def test_openssl_as_the_client(lab: Lab, need_program: Callable[..., str]) -> None:
    address, port = lab.address("mx.birch.example", 25)
    command = [need_program("openssl"), "s_client", "-connect", f"{address}:{port}", "-starttls", "smtp"]
    said = "EHLO me\nNOOP\nQUIT\n"
    subprocess.run(
        [*command, "-quiet", "-crlf"], input=said, capture_output=True, text=True, timeout=30, check=False
    )
    seen = view(ended(lab, lab.transcripts[-1]))
    assert phases(seen) == ["clear", "setup", "sealed"]
    assert all(row.heard for row in seen.rows for line in row.lines if line.kind not in ("tls", "close"))


def test_latency_does_not_tear_line_and_record_apart(lab: Lab) -> None:
    lab.network.latency = 0.01
    try:
        seen = view(ended(lab, starttls(lab, 25)))
    finally:
        lab.network.latency = 0.0
    for row in seen.rows:
        for line in row.lines:
            if line.tls and line.kind != "tls":
                assert [one.side for one in row.heard] == [line.side]
                assert row.sure


def test_an_earlier_session_goes_on_without_a_certificate() -> None:
    contexts = client(), server()
    first = Pair(*contexts)
    first.shake()
    first.say(S, b"220 mx\r\n")
    again = Pair(*contexts, session=first.ends[C].session)  # type: ignore[attr-defined]
    again.shake()
    again.say(S, b"220 mx\r\n")
    page = html(again.transcript)
    assert "goes on with an earlier session: no certificate is needed." in "".join(Cells(page).of("se-in"))
    assert "no certificate is in here" in right(page)
    assert "certificate" in sentence(view(first.transcript))
    assert "certificate" not in sentence(view(again.transcript))


# someone in the middle ----------------------------------------------------------------------------------

ADDED = "Mallory added this"
KEPT_TO_HERSELF = "Mallory kept STARTTLS to herself, and answered in the server's name"


def notes(page: str) -> list[str]:
    """What stands beneath lines about who had a hand in them."""
    return re.findall('<div class="se-hand">(.*?)</div>', page)


def beneath(page: str, said: str) -> str:
    """The cell on the inside that has `said`."""
    return next(cell for cell in Cells(page).of("se-in") if said in cell)


def test_what_mallory_did_stands_beneath_the_line() -> None:
    with Lab() as lab:
        lab.mallory.strip_starttls("mail.acorn.example", 587)
        with lab.connect("mail.acorn.example", 587) as session:
            session.say("EHLO me", "STARTTLS")
            made = session.transcript
    for page in (html(made), Eavesdropper(made).picture):
        assert len(notes(page)) == 2
        assert notes(page)[0].startswith("Mallory ") and "STARTTLS" in notes(page)[0]
        assert beneath(page, "502").endswith(KEPT_TO_HERSELF)
        assert "Mallory" not in right(page)  # a listener reads octets, not notes
    lines = [line[9:].partition(" |")[0].strip() for line in text(made, width=200).splitlines()]
    assert lines[lines.index("C STARTTLS") + 2] == KEPT_TO_HERSELF


def test_what_mallory_slipped_in_and_a_server_that_keeps_it() -> None:
    with Lab() as lab:
        lab.mta("mail.acorn.example").careless_starttls = True
        lab.mallory.inject("mail.acorn.example", 587, "EHLO mallory.example")
        with lab.connect("mail.acorn.example", 587) as session:
            session.send("EHLO me")
            session.starttls()
            session.send("NOOP")
        made = ended(lab, session.transcript.twin or session.transcript)
    assert made.leg == "server"
    kept = "The server keeps what came in clear behind STARTTLS"
    for page in (html(made), Eavesdropper(made).picture):
        assert notes(page) == [ADDED]
        assert beneath(page, "mallory.example").endswith(ADDED)
        assert page.count(f"how much. {kept}.") == 1
    lines = [line[9:].partition(" |")[0].strip() for line in text(made, width=200).splitlines()]
    assert lines[lines.index("C EHLO mallory.example") + 1] == ADDED
    assert f"({kept})" in lines


# which record carried which line ------------------------------------------------------------------------


def test_one_record_for_many_lines_and_one_line_in_many_records() -> None:
    pair = Pair(client(), server())
    pair.shake()
    pair.say(S, b"220 mx\r\n")
    pair.say(C, b"MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
    pair.say(S, b"250 OK\r\n250 OK\r\n354 Go\r\n")
    pair.say(C, b"x" * 40_000 + b"\r\n.\r\n")
    seen = view(pair.transcript)
    many = next(row for row in seen.rows if [line.verb for line in row.lines] == ["MAIL", "RCPT", "DATA"])
    assert len(many.heard) == 1
    assert "one record carries these 3 lines" in right(html(pair.transcript))
    long = next(
        place for place, row in enumerate(seen.rows) if any(len(line.text) > 1000 for line in row.lines)
    )
    assert seen.rows[long].also == (long - 2, long - 1)
    assert [row.goes_on for row in seen.rows[long - 2 : long + 1]] == [True, True, False]
    assert "The line begins here, and ends below." in html(pair.transcript)
    assert f'data-row="{long}" data-also="{long - 2} {long - 1}"' in Eavesdropper(pair.transcript).picture


def test_a_reply_that_needs_several_records() -> None:
    pair = Pair(client(), server())
    pair.shake()
    pair.say(S, b"220 mx\r\n")
    pair.say(C, b"HELP\r\n")
    pair.say(S, b"".join(b"214-" + b"y" * 500 + b"\r\n" for _ in range(70)) + b"214 end\r\n")
    seen = view(pair.transcript)
    last = seen.rows[-1]
    assert last.lines[0].reply is not None
    assert last.sure
    assert len(last.also) == 2


def test_a_ticket_is_not_taken_for_a_reply_of_its_size() -> None:
    pair = Pair(client(), server())
    pair.shake()
    ticket = view(pair.transcript).rows[-1].heard[-1]
    assert ticket.record and not ticket.record.setup
    pair.say(S, b"220 " + b"x" * (ticket.record.inside[0] - 6) + b"\r\n")
    *_, tickets, reply = view(pair.transcript).rows
    assert tickets.own and ticket in tickets.heard
    assert [line.verb for line in reply.lines] == [""]
    assert len(reply.heard) == 1


def test_a_pipelining_client_in_clear() -> None:
    said = [
        Event(0.0, S, b"220 mx\r\n"),
        Event(0.1, C, b"EHLO x\r\nNOOP\r\nDA"),
        Event(0.2, S, b"250-mx\r\n250 "),
        Event(0.3, C, b"TA\r\n"),
        Event(0.4, S, b"DSN\r\n250 OK\r\n354 Go\r\n"),
        Event(0.5, C, b"a\nb\r\n"),
    ]
    seen = view(transcript(said))
    pairs = [(row.lines[0].text, b"".join(one.data for one in row.heard)) for row in seen.rows if row.lines]
    assert pairs == [
        ("220 mx", b"220 mx\r\n"),
        ("EHLO x", b"EHLO x\r\n"),
        ("NOOP", b"NOOP\r\n"),
        ("DATA", b"DATA\r\n"),
        ("250-mx\n250 DSN", b"250 DSN\r\n"),
        ("250 OK", b"250 OK\r\n"),
        ("354 Go", b"354 Go\r\n"),
        ("a\nb", b"a\nb\r\n"),
    ]


def padded(made: Transcript, octets: int = 20) -> Transcript:
    """`made` with every record of data longer than what is inside needs, as TLS 1.3 allows."""
    wire = []
    for event in made.wire:
        data = event.data
        if data[:1] == b"\x17" and int.from_bytes(data[3:5], "big") + 5 == len(data):
            data = data[:3] + (len(data) - 5 + octets).to_bytes(2, "big") + data[5:] + b"p" * octets
        wire.append(replace(event, data=data))
    made.wire = wire
    return made


def test_padded_records_are_matched_by_time_and_say_so() -> None:
    made = padded(talked((S, b"220 mx\r\n"), (C, b"EHLO x\r\n"), (S, b"250 mx\r\n"), (C, b"NOOP\r\n")))
    seen = view(made)
    told = [row for row in seen.rows if row.lines and row.lines[0].kind != "tls"]
    assert [row.lines[0].text for row in told] == ["220 mx", "EHLO x", "250 mx", "NOOP"]
    assert all(row.heard[-1].side is row.lines[-1].side for row in told)
    assert not any(row.sure for row in told)
    assert right(html(made)).count("matched by time alone") == len(told)


def test_a_line_that_is_not_on_the_wire_is_shown_alone() -> None:
    made = transcript(
        [Event(0, S, b"220 mx\r\n"), Event(1, C, b"EHLO x\r\n", tls=True)], [Event(0, S, b"220 mx\r\n")]
    )
    assert "Not on the wire as far as the tap recorded it." in right(html(made))


def test_a_wire_that_differs_from_what_was_said() -> None:
    said = [
        Event(0, S, b"220 mx\r\n"),
        Event(1, C, b"EHLO x\r\n"),
        Event(2, S, b"250-mx\r\n250 STARTTLS\r\n"),
    ]
    seen = view(transcript(said, [*said[:2], Event(2, S, b"250-mx\r\n250 XXXXXXXX\r\n")]))
    assert [row.sure for row in seen.rows] == [False, True, False]
    assert "XXXXXXXX" in right(html(seen.transcript))


def test_a_handshake_that_ends_in_one_piece_with_the_first_line() -> None:
    made = talked((C, b"EHLO x\r\n"))
    *_, last, first = (place for place, event in enumerate(made.wire) if event.side is C)
    both = replace(made.wire[last], data=made.wire[last].data + made.wire[first].data)
    made.wire = [*made.wire[:last], both, *made.wire[last + 1 : first]]
    said = ["sealed" if row.phase == "sealed" else row.lines[0].text for row in view(made).rows if row.lines]
    assert said == ["sealed", "EHLO x"]


# long dialogues -----------------------------------------------------------------------------------------


def long(count: int) -> Transcript:
    said = [Event(0, S, b"220 mx\r\n"), Event(0, C, b"DATA\r\n"), Event(0, S, b"354 Go\r\n")]
    return transcript(
        [*said, *(Event(1, C, b"line %d\r\n" % n) for n in range(count)), Event(2, C, b".\r\n")]
    )


def test_long_content_is_folded() -> None:
    rows = view(long(500)).rows
    assert [row.folded for row in rows if row.content] == [0] * 8 + [490] + [0] * 2
    assert len(view(long(12)).rows) == 16
    page = html(long(500))
    assert page.count("… 490 more lines") == 2
    assert page.count("and 290 more") == 2
    assert "... 490 more" in text(long(500))


def test_many_lines_in_one_record_are_folded() -> None:
    made = talked((S, b"220 mx\r\n"), (C, b"DATA\r\n"), (S, b"354 Go\r\n"), (C, b"z\r\n" * 1000))
    page = html(made)
    assert "… 990 more lines" in page
    assert "one record carries these 1,000 lines" in page


def test_two_thousand_events_are_fast() -> None:
    said = [(C, b"NOOP\r\n"), (S, b"250 2.0.0 OK\r\n")] * 1000
    made = talked((S, b"220 mx\r\n"), *said)

    def cost() -> float:
        begun = time.process_time()
        html(made)
        return time.process_time() - begun

    assert min(cost() for _ in range(3)) < 0.6


# forms --------------------------------------------------------------------------------------------------


def test_the_text_has_two_columns_in_step() -> None:
    made = talked((S, b"220 mx\r\n"), (C, b"EHLO " + "é日本".encode() * 20 + b"\r\n"))
    lines = text(made, width=100).splitlines()
    assert max(columns(line) for line in lines) <= 100
    rows = [line for line in lines if " | " in line]
    assert len({columns(line.partition(" | ")[0]) for line in rows}) == 1
    assert any("C* EHLO" in line and "[application data" in line for line in rows)


def test_the_still_form_needs_no_script(sealed: Transcript) -> None:
    page = html(sealed)
    assert "<script" not in page
    assert 'role="table"' in page and 'tabindex="-1"' not in page
    assert page.count("<details") == page.count("</details>")


def test_the_widget_carries_still_forms_and_follows_show() -> None:
    made = transcript([Event(0, S, b"220 mx\r\n")])
    widget = Eavesdropper(made)
    bundle, _ = widget._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert bundle["text/plain"] == repr(widget) == text(made)
    assert bundle["text/html"] == html(made)
    made.events.append(Event(1, C, b"EHLO me\r\n"))
    assert "EHLO" not in widget.picture
    widget.show(made)
    assert "EHLO" in widget.picture
    assert 'role="grid"' in widget.picture


def test_the_lab_shows_the_newest_or_a_chosen_transcript() -> None:
    with Lab() as lab:
        with pytest.raises(LabError, match="Nothing was said"):
            lab.eavesdrop()
        with lab.connect("mx.birch.example") as first, lab.connect("mx2.birch.example") as second:
            first.send("NOOP")
            second.send("NOOP")
            assert lab.eavesdrop().transcript is second.transcript
            assert lab.eavesdrop(first.transcript).transcript is first.transcript
        made = starttls(lab, 587)
        assert "AGFs" not in lab.eavesdrop(made).picture
        assert "AGFs" in lab.eavesdrop(made, secrets=True).picture


def test_an_empty_transcript() -> None:
    assert "Nothing has passed on the wire yet." in html(transcript([]))
    assert "Nothing has passed on the wire yet." in text(transcript([]))


def test_rows_are_labelled_for_the_keyboard_and_the_ear() -> None:
    picture = Eavesdropper(talked((S, b"220 mx\r\n"))).picture
    rows = re.findall(r'<div class="se-row[^>]*>', picture)
    assert all('role="row" tabindex="-1"' in row for row in rows)
    assert (
        'aria-label="Session of mail.acorn.example with mx.birch.example:465, as said and as heard"'
        in picture
    )
    assert '<span class="smtplab-hidden">server: </span>' in picture
    assert 'aria-label="sealed"' in picture
    assert picture.count('role="columnheader"') == 3


# hostile octets -----------------------------------------------------------------------------------------


def hello(name: bytes) -> bytes:
    """A ClientHello that asks for any name at all."""
    sni = b"\x00" + len(name).to_bytes(2, "big") + name
    data = len(sni).to_bytes(2, "big") + sni
    extension = b"\x00\x00" + len(data).to_bytes(2, "big") + data
    body = (
        b"\x03\x03"
        + b"r" * 32
        + b"\x00\x00\x02\x13\x01\x01\x00"
        + len(extension).to_bytes(2, "big")
        + extension
    )
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message


def shows_no_markup(shown: str) -> None:
    assert "<script" not in shown.lower()
    assert "<img" not in shown.lower()
    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_hostile_text_in_every_place() -> None:
    end = Endpoint(HOSTILE, HOSTILE, 25)
    evil = HOSTILE.encode()
    certificates = (len(evil) + 3).to_bytes(3, "big") + len(evil).to_bytes(3, "big") + evil
    shake = b"\x0b" + len(certificates).to_bytes(3, "big") + certificates
    said = [
        Event(0, S, b"220 " + evil + b"\r\n", note=HOSTILE),
        Event(1, C, evil + b"\r\nAUTH PLAIN " + evil + b"\r\n"),
        Event(2, C, hello(evil), tls=True),
        Event(3, S, b"\x16\x03\x03" + len(shake).to_bytes(2, "big") + shake, tls=True),
        Event(4, S, kind="tls", tls=True, note=HOSTILE),
        Event(5, S, evil, tls=True),
        Event(6, S, kind="close", note=HOSTILE),
    ]
    made = transcript(said, client=end, server=end)
    for shown in (html(made), Eavesdropper(made).picture):
        shows_no_markup(shown)
        assert len(notes(shown)) == 1
    assert "\u202e" not in text(made) and "\x1b" not in text(made)
    assert "octets that are no certificate" in right(html(made))
    assert "not TLS" in right(html(made))


def test_a_record_of_very_many_fields_is_shown_in_part() -> None:
    many = b"\x00\x7f\x00\x00" * 4000
    body = b"\x03\x03" + b"r" * 32 + b"\x00\x00\x02\x13\x01\x01\x00" + len(many).to_bytes(2, "big") + many
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    made = transcript([Event(0, C, b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message, tls=True)])
    assert html(made).count("<tr>") <= 41


EVENTS = st.lists(
    st.builds(
        Event,
        st.floats(0, 9),
        st.sampled_from([C, S]),
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [
                    b"EHLO x\r\n",
                    b"DATA\r\n",
                    b"354 Go\r\n",
                    b".\r\n",
                    hello(b"x"),
                    b"\x17\x03\x03\x00\x05abcde",
                ]
            ),
        ),
        st.booleans(),
        st.sampled_from(["data", "data", "data", "tls", "close"]),
        st.sampled_from(["", "TLSv1.3", "closed the connection"]),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(EVENTS, EVENTS)
def test_any_events_beside_any_wire(events: list[Event], wire: list[Event]) -> None:
    made = transcript(events, wire)
    seen = view(made)
    assert sum(len(one.data) for row in seen.rows for one in row.heard) == sum(
        len(event.data) for event in wire if event.kind == "data"
    )
    assert len([line for row in seen.rows for line in row.lines]) == len(seen.lines)
    shows_no_markup(html(made))
    text(made)


# the look -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_pair_of_colours_can_be_read(page: str) -> None:
    known = properties(page)
    texts, grounds = ("ink", "dim", "cipher", "accent", "mallory"), ("bg", "panel", "focus")
    pairs = [*product(texts, grounds), ("cipher", "cipher-bg"), ("later", "later-bg")]
    assert [pair for pair in pairs if contrast(*pair, known) < 4.5] == []


def test_every_token_of_the_style_exists() -> None:
    used = set(re.findall(r"--smtplab-([\w-]+)", eavesdrop.STYLE))
    assert used <= {*theme.LIGHT, *theme.FONTS, *theme.MIXED}
