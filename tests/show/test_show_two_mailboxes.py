"""The two mailboxes: what the boards show of each step, and that all of it is text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from smtplab import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.holdings import Holding, Kept, Moment, Said, Told
from smtplab.mail.holdings_script import COMMANDS
from smtplab.show.two_mailboxes import TwoMailboxes
from tests.show.markup import seen

EVIL = '<script>window.pwned=1</script>"><img src=x>\u202e\x1b[31m'


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def widget(lab: Lab) -> TwoMailboxes:
    return lab.two_mailboxes()


def press(widget: TwoMailboxes, do: str, value: str = "") -> None:
    widget._asked(widget, {"do": do, "value": value}, [])


def test_it_starts_with_three_letters_that_nobody_has(widget: TwoMailboxes) -> None:
    for protocol in ("pop3", "imap"):
        board = seen(widget.parts[protocol])
        assert "Server no session 1 Tea at five? 2 The plans 3 Lunch" in board
        assert board.count("no letter") == 2
    assert "Next: The laptop logs in" in seen(widget.parts["bar"])


def test_the_script_is_stepped_to_its_end_and_begun_again(widget: TwoMailboxes) -> None:
    for _ in widget.acts:
        press(widget, "next")
        assert widget.message == ""
    assert widget.turn == len(widget.acts)
    assert "left out" not in widget.parts["pop3"] + widget.parts["imap"]
    assert "✕ Command not recognized" not in seen(widget.parts["pop3"])
    assert "✕ -ERR Command not recognized" in seen(widget.parts["pop3"])
    press(widget, "next")
    assert "at its end" in widget.message
    press(widget, "restart")
    assert widget.turn == 0
    assert "nobody has looked yet" in seen(widget.parts["told"])


def test_a_mark_and_a_change_are_told_in_words(widget: TwoMailboxes) -> None:
    for _ in range(7):
        press(widget, "next")
    assert "Tea at five? (changed) ✕ marked for deletion" in seen(widget.parts["pop3"])
    assert "Tea at five? (changed) ✓ read ✕ to be deleted" in seen(widget.parts["imap"])
    assert "RFC 1939 §5" in widget.parts["pop3"]


def test_passwords_do_not_show(widget: TwoMailboxes) -> None:
    press(widget, "next")
    assert "builder" not in str(widget.parts) + repr(widget) + str(widget._html()).partition("The same")[0]
    assert "PASS [hidden]" in seen(widget.parts["pop3"])


def test_commands_of_ones_own(widget: TwoMailboxes) -> None:
    press(widget, "press", "pop3 1")
    assert "log in first" in widget.message
    press(widget, "press", "pop3 0")
    press(widget, "letter", "pop3 2")
    press(widget, "press", f"pop3 {COMMANDS['pop3'].index('RETR #')}")
    assert [one.subject for one in widget.moments["pop3"].holding("laptop").messages] == ["The plans"]
    press(widget, "who", "pop3 phone")
    press(widget, "press", "pop3 0")
    assert "IN-USE" in widget.parts["pop3"]
    assert "A command of your own" in seen(widget.parts["told"])
    with pytest.raises(LabError):
        widget.say("smtp", "laptop", "QUIT")  # type: ignore[arg-type]


def test_a_script_that_was_disturbed_goes_on(widget: TwoMailboxes) -> None:
    press(widget, "press", "imap 0")
    press(widget, "next")
    assert widget.turn == 1
    assert "left out: The laptop is logged in already" in seen(widget.parts["imap"])


@pytest.mark.parametrize(
    "content",
    [
        {"do": "press", "value": "pop3 99"},
        {"do": "press", "value": "smtp 0"},
        {"do": "who", "value": "pop3 mallory"},
        {"do": "letter", "value": "imap 9999"},
        {"do": 3},
    ],
)
def test_messages_that_mean_nothing_are_ignored(widget: TwoMailboxes, content: dict[str, object]) -> None:
    before = dict(widget.parts)
    widget._asked(widget, content, [])
    assert widget.parts == before
    assert widget.message == ""


def test_hostile_text_stays_text() -> None:
    kept = Kept(1, EVIL, flags=(EVIL,))
    sides = tuple(Holding(who, EVIL, (kept,)) for who in ("laptop", "server", "phone"))
    said = (Said("laptop", EVIL, (Told(EVIL, EVIL),), note=EVIL),)

    def now(protocol: str) -> Moment:
        return Moment(protocol, said, sides)  # type: ignore[arg-type]

    widget = TwoMailboxes(lambda protocol, orders: now(protocol), now, lambda: None)
    widget.step()
    drawn = "".join(widget.parts.values()) + widget._html()
    assert "<img" not in drawn
    for markup in (drawn, repr(widget)):
        assert "\u202e" not in markup and "\x1b" not in markup
    assert "<script>" not in str(widget._html())


def test_the_still_form_has_the_boards_and_the_code(widget: TwoMailboxes) -> None:
    widget.step()
    html = str(widget._html())
    assert "<button" not in html
    assert "The laptop logs in" in html and "The same with curl" in html
    bundle, _ = widget._repr_mimebundle_()
    assert "POP3" in bundle["text/plain"] and "tm-board" in bundle["text/html"]


@pytest.mark.parametrize(
    ("name", "says"), [("poplib", "Subject: Lunch"), ("imaplib", "\\\\Flagged"), ("curl", "Subject: Tea")]
)
def test_the_code_runs(widget: TwoMailboxes, name: str, says: str) -> None:
    command = ["sh", "-c"] if name == "curl" else [sys.executable, "-c"]
    done = subprocess.run([*command, widget._snippets()[name]], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout
