"""The ladder of POP3 and IMAP: who speaks what, content on the server's side, refusals, no password."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from smtplab.mail.dialogue import lines
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.show.ladder import html, svg, view
from smtplab.show.panel import panel

POP3 = (
    "S: +OK", "C: USER bob", "S: +OK", "C: PASS builder", "S: +OK", "C: RETR 1", "S: +OK", "S: Subject: <b>",
    "S: ", "S: Hello", "S: .", "C: RETR 2", "S: -ERR none",
)  # fmt: skip
IMAP = ("S: * OK", "C: a LOGIN bob builder", "S: a OK", "C: b SEND", "S: b BAD what")


def transcript(port: int, *said: str) -> Transcript:
    ends = Endpoint("bob.birch.example", "198.51.100.40", 40000), Endpoint("imap", "198.51.100.20", port)
    events = [Event(0.0, Side(line[0]), line[3:].encode() + b"\r\n") for line in said]
    protocol = "pop3" if port in (110, 995) else "imap"
    return Transcript(1, *ends, datetime(2026, 3, 2, tzinfo=UTC), protocol, events=events)


@pytest.mark.parametrize(("port", "name", "said"), [(110, "POP3", POP3), (993, "IMAP", IMAP)])
def test_the_ladder_of_a_session_in_which_mail_is_read(port: int, name: str, said: tuple[str, ...]) -> None:
    made = transcript(port, *said)
    picture = str(svg(made))
    assert f"{name} client" in picture
    assert f"{name} server" in picture
    assert f"{name} dialogue" in picture
    assert "SMTP" not in picture
    assert picture.count("  refused") == 1
    assert "builder" not in str(html(made))
    assert "builder" not in str(view(lines(made), made))


def test_what_the_server_sends_points_to_the_client() -> None:
    rows = re.findall(
        r'<g class="sl-row sl-data sl-(\w+)".*?</g>', str(svg(transcript(110, *POP3))), re.DOTALL
    )
    assert rows == ["server"] * 3
    assert "<b>" not in str(svg(transcript(110, *POP3)))


@pytest.mark.parametrize(("port", "said"), [(110, POP3), (143, IMAP)])
def test_the_panel_explains_without_the_states_of_smtp(port: int, said: tuple[str, ...]) -> None:
    read = lines(transcript(port, *said))
    for index in range(len(read)):
        shown = "".join(panel(read, index))
        assert "sl-states" not in shown
        assert "sl-refs" in shown
        assert "5321" not in shown
