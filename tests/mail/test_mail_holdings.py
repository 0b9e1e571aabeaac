"""What clients hold, from what they hear: copies by POP3, a view by IMAP."""

from __future__ import annotations

import pytest

from smtplab.mail.holdings import Kept, Said, Told, brief, changed, subject
from smtplab.mail.holdings_clients import ImapClient, Pop3Client, ordered
from smtplab.mail.holdings_script import ACTS, COMMANDS

LETTER = "From: a@acorn.example\r\nSubject: Tea?\r\n\r\nAt five.\r\n"


def pop3(*said: tuple[str, str, str]) -> Pop3Client:
    client = Pop3Client("laptop")
    client.opened()
    for command, line, content in said:
        client.heard(command, [Told(line, content)])
    return client


def imap(*said: tuple[str, list[str]]) -> ImapClient:
    client = ImapClient("phone")
    client.opened()
    for command, lines in said:
        client.heard(command, [Told(line) for line in lines])
    return client


SELECTED = ("a1 SELECT INBOX", ["* 2 EXISTS", "a1 OK done"])


def test_a_letter_fetched_twice_is_two_copies() -> None:
    client = pop3(*[("RETR 1", "+OK 50 octets", LETTER)] * 2, ("QUIT", "+OK", ""))
    assert [one.subject for one in client.holding().messages] == ["Tea?", "Tea?"]
    assert not client.holding().open


def test_a_refusal_changes_nothing() -> None:
    client = pop3(("PASS x", "-ERR [IN-USE] no", ""), ("RETR 1", "-ERR no", LETTER))
    assert (client.state, client.copies) == ("AUTHORIZATION", [])


def test_marks_end_with_rset_and_with_the_connection() -> None:
    client = pop3(("PASS x", "+OK", ""), ("DELE 1", "+OK", ""))
    assert client.marked == {1}
    client.heard("RSET", [Told("+OK")])
    assert client.marked == set()
    client.heard("DELE 2", [Told("+OK")])
    client.lost()
    assert client.marked == set()


def test_a_view_follows_the_server() -> None:
    client = imap(SELECTED, ("a2 NOOP", ["* 2 FETCH (UID 7 FLAGS (\\Seen \\Recent))", "a2 OK"]))
    assert client.view == [Kept(1), Kept(2, uid="7", flags=("\\Seen",))]
    client.heard("a3 NOOP", [Told("* 1 EXPUNGE"), Told("* 2 EXISTS"), Told("a3 OK")])
    assert client.view == [Kept(1, uid="7", flags=("\\Seen",)), Kept(2)]


def test_what_was_read_before_is_known_by_its_uid() -> None:
    client = imap(SELECTED)
    client.heard("a2 FETCH 1 BODY[]", [Told("* 1 FETCH (UID 7 BODY[] {50} … )", LETTER), Told("a2 OK")])
    client.lost()
    assert client.view[0].whole
    client.heard("a3 SELECT INBOX", [Told("* 1 EXISTS"), Told("a3 OK")])
    assert client.view == [Kept(1)]
    client.heard("a4 FETCH 1 UID", [Told("* 1 FETCH (UID 7)"), Told("a4 OK")])
    assert client.view == [Kept(1, "Tea?", "7", whole=True)]


@pytest.mark.parametrize("line", ["* 9 EXPUNGE", "* 0 FETCH (UID 3)", "* 99 FETCH (UID 3)", "* x EXISTS", ""])
def test_nonsense_is_ignored(line: str) -> None:
    assert imap(SELECTED, ("a2 NOOP", [line, "a2 OK"])).view == [Kept(1), Kept(2)]


def test_a_boasting_server_does_not_fill_the_memory() -> None:
    assert len(imap(SELECTED, ("a2 NOOP", ["* 999999999 EXISTS", "a2 OK"])).view) == 10_000


@pytest.mark.parametrize(
    "command", ["PASS builder", "a1 LOGIN bob builder", "apop bob builder", "x AUTHENTICATE PLAIN builder"]
)
def test_passwords_are_hidden(command: str) -> None:
    assert "builder" not in Said("laptop", command).shown
    assert "[hidden]" in Said("laptop", command).shown


@pytest.mark.parametrize(
    ("line", "refused"), [("-ERR no", True), ("a1 NO no", True), ("a1 BAD no", True), ("+OK NO", False)]
)
def test_a_no_is_seen(line: str, refused: bool) -> None:
    assert Said("laptop", "NOOP", (Told(line),)).refused is refused


def test_hostile_text_is_made_visible() -> None:
    assert "\x1b" not in brief(Told("+OK \x1b[31m", "Subject: \x1b[2J"))
    assert brief(Told("+OK", "Received: x\r\nSubject: Tea?\r\n")).endswith("the letter “Tea?”)")
    assert subject("X: y\r\nsubject:  Tea?\r\n") == "Tea?"


def test_what_is_new_or_otherwise_is_told() -> None:
    one, two = Kept(1, "a"), Kept(2, "b")
    assert changed([one, two], [Kept(1, "b")]) == set()  # moved up, nothing else
    assert changed([one, two], [one, Kept(2, "b", flags=("\\Seen",)), Kept(3, "c")]) == {1, 2}
    assert changed([Kept(0, "a")], [Kept(0, "a"), Kept(0, "a")]) in ({1}, set())


def test_flags_have_one_order() -> None:
    assert ordered(["zeta", "\\deleted", "\\Seen", "\\Recent"]) == ("\\Seen", "\\Deleted", "zeta")
    assert Kept(1, flags=("\\Seen", "zeta"), marked=True).words == ("read", "zeta", "marked for deletion")


def test_the_script_has_words_and_a_source_for_all() -> None:
    parts = [act.part(protocol) for act in ACTS for protocol in COMMANDS]
    assert all(part.words and part.ref.startswith("RFC ") and part.orders for part in parts)
