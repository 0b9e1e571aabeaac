"""What a POP3 client and an IMAP client hold, kept up to date from the commands sent and the answers heard.

A client that downloads (RFC 1939) keeps copies: once it has a letter, nothing that the server does takes it
away. A client that looks in (RFC 9051) keeps a view: it follows what the server tells it, a line at a time.
Both are deliberately simple mail programs. Neither opens a connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .holdings import Holding, Kept, Told, Who, subject

_EXISTS = re.compile(r"\* (\d+) EXISTS\b", re.IGNORECASE)
_EXPUNGE = re.compile(r"\* (\d+) EXPUNGE\b", re.IGNORECASE)
_FETCH = re.compile(r"\* (\d+) FETCH \((.*)", re.IGNORECASE | re.DOTALL)
_UID = re.compile(r"\bUID (\d+)", re.IGNORECASE)
_FLAGS = re.compile(r"\bFLAGS \(([^()]*)\)", re.IGNORECASE)
_WHOLE = re.compile(r"\bBODY\[\](?= )", re.IGNORECASE)
_ENVELOPE_ORDER = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted")
MOST = 10_000  # messages that a view has room for, whatever a server says


def _verb(command: str, place: int = 0) -> str:
    words = command.split()
    return words[place].upper() if len(words) > place else ""


class Pop3Client:
    """Copies, and the marks of the session that is on."""

    def __init__(self, who: Who) -> None:
        self.who = who
        self.copies: list[Kept] = []
        self.marked: set[int] = set()
        self.state = "not connected"

    def opened(self) -> None:
        """A connection is there: who this is has to be said first (RFC 1939 §4)."""
        self.state, self.marked = "AUTHORIZATION", set()

    def lost(self) -> None:
        """The connection is gone, without a QUIT."""
        self.state, self.marked = "not connected", set()

    def heard(self, command: str, answers: Sequence[Told]) -> None:
        """Take in what the server said to `command`."""
        if not answers or not answers[0].line.startswith("+OK"):
            if _verb(command) == "QUIT":
                self.lost()
            return
        number = int(word) if (word := _verb(command, 1)).isdecimal() else 0
        match _verb(command):
            case "PASS" | "APOP":
                self.state = "TRANSACTION"
            case "RETR":
                self.copies.append(Kept(0, subject(answers[0].content), whole=True))
            case "DELE":
                self.marked.add(number)
            case "RSET":
                self.marked.clear()
            case "QUIT":
                self.lost()

    def holding(self) -> Holding:
        """What it has."""
        return Holding(self.who, self.state, tuple(self.copies), self.state != "not connected")


class ImapClient:
    """A view of the mailbox, in the server's order."""

    def __init__(self, who: Who) -> None:
        self.who = who
        self.view: list[Kept] = []
        self._known: dict[str, Kept] = {}
        self.state = "not connected"

    def opened(self) -> None:
        """A connection is there (RFC 9051 §3.1)."""
        self.state = "not authenticated"

    def lost(self) -> None:
        """The connection is gone. What it has seen it still shows, as it was."""
        self.state = "not connected"

    def heard(self, command: str, answers: Sequence[Told]) -> None:
        """Take in what the server said to `command`, which begins with its tag."""
        verb = _verb(command, 1)
        done = bool(answers) and re.match(r"\S+ OK\b", answers[-1].line) is not None
        if verb in ("SELECT", "EXAMINE") and done:
            self._known |= {one.uid: one for one in self.view if one.uid}
            self.view, self.state = [], "selected"
        for answer in answers:
            self._untagged(answer)
        if verb in ("LOGIN", "AUTHENTICATE") and done:
            self.state = "authenticated"
        if verb == "LOGOUT":
            self.lost()

    def _untagged(self, answer: Told) -> None:
        if found := _EXISTS.match(answer.line):
            for number in range(len(self.view) + 1, min(int(found[1]), MOST) + 1):
                self.view.append(Kept(number))
        elif found := _EXPUNGE.match(answer.line):
            if 0 < int(found[1]) <= len(self.view):
                del self.view[int(found[1]) - 1]
                self.view = [replace(one, number=place) for place, one in enumerate(self.view, 1)]
        elif (found := _FETCH.match(answer.line)) and 0 < int(found[1]) <= len(self.view):
            self._fetched(int(found[1]) - 1, found[2], answer.content)

    def _fetched(self, place: int, said: str, content: str) -> None:
        """One message is told anew: what is not in the answer stays as it was."""
        one = self.view[place]
        if (uid := _UID.search(said)) and not one.uid:
            one = replace(self._known.get(uid[1], one), number=one.number, uid=uid[1])
        if flags := _FLAGS.search(said):
            one = replace(one, flags=ordered(flags[1].split()))
        if name := subject(content):
            one = replace(one, subject=name)
        if _WHOLE.search(said) and content:
            one = replace(one, whole=True)
        self.view[place] = one

    def holding(self) -> Holding:
        """What it has."""
        return Holding(self.who, self.state, tuple(self.view), self.state != "not connected")


def ordered(flags: Sequence[str]) -> tuple[str, ...]:
    """System flags in their usual order, then keywords; without \\Recent, which IMAP4rev2 gave up."""
    known = {flag.lower(): flag for flag in _ENVELOPE_ORDER}
    given = {known.get(flag.lower(), flag) for flag in flags} - {"\\Recent"}
    return (*(flag for flag in _ENVELOPE_ORDER if flag in given), *sorted(given - set(_ENVELOPE_ORDER)))
