"""Holdings: what each client and the server have of a mailbox, after each command.

Answers: who has which message now, and in which state? The records say it for one moment of one protocol,
POP3 (RFC 1939) or IMAP (RFC 9051); `holdings_clients` keeps a client's side up to date from what it hears.
This module opens no connection and keeps no mailbox.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .line import HIDDEN
from .text import visible

Protocol = Literal["pop3", "imap"]
Who = Literal["laptop", "server", "phone"]
CLIENTS: tuple[Who, Who] = ("laptop", "phone")
PLACES: tuple[Who, Who, Who] = ("laptop", "server", "phone")

SHORT = 400  # characters of what follows a reply that are shown whole: a list, not a letter

# What may follow is a password: of POP3, and of IMAP behind its tag.
_SECRET = re.compile(r"(?:PASS(?= )|APOP \S+|\S+ LOGIN \S+|\S+ AUTHENTICATE \S+)", re.IGNORECASE)
_SUBJECT = re.compile(r"^Subject:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_MEANINGS = {
    "\\Seen": "read",
    "\\Flagged": "starred",
    "\\Deleted": "to be deleted",
    "\\Answered": "answered",
    "\\Draft": "draft",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as one side has it.

    `number` is its place in the list, 0 for a copy that has left it; `uid` is what the server calls it.
    With `whole` all of the text is here, otherwise only what a list shows. `marked` is POP3's mark of DELE.
    """

    number: int
    subject: str = ""
    uid: str = ""
    flags: tuple[str, ...] = ()
    marked: bool = False
    whole: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """What its flags mean, in words; keywords as they are."""
        said = [_MEANINGS.get(flag, flag) for flag in self.flags if flag != "\\Recent"]
        return (*said, *(("marked for deletion",) if self.marked else ()))


@dataclass(frozen=True, slots=True)
class Holding:
    """What one side has: its messages in their order, and where its session stands.

    `open` says whether a session is on; the server has none of its own.
    """

    who: Who
    state: str
    messages: tuple[Kept, ...] = ()
    open: bool = False

    def __str__(self) -> str:
        kept = ", ".join(
            visible(one.subject or "?") + (f" ({visible(', '.join(one.words))})" if one.words else "")
            for one in self.messages
        )
        return f"{self.who} ({visible(self.state)}): {kept or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Told:
    """One reply or response: its line, and the octets that follow it, decoded: a list, a letter."""

    line: str
    content: str = ""

    def __str__(self) -> str:
        return f"{self.line}\n{self.content}" if self.content else self.line


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange of `who` with the server: the command, or "" for none, and what came back.

    `note` says what happened on the wire besides.
    """

    who: Who
    command: str
    answers: tuple[Told, ...] = ()
    note: str = ""

    @property
    def shown(self) -> str:
        """The command made visible, its password hidden."""
        found = _SECRET.match(self.command)
        return visible(f"{found[0]} {HIDDEN}" if found else self.command)

    @property
    def refused(self) -> bool:
        """True where the server said no."""
        return any(re.match(r"-ERR|[^\s+]+ (?:NO|BAD)\b", answer.line) for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Moment:
    """One step: what was said, in its order, and what the three sides hold after it."""

    protocol: Protocol
    said: tuple[Said, ...] = ()
    holdings: tuple[Holding, ...] = ()

    def holding(self, who: Who) -> Holding:
        """What `who` has now."""
        return next(holding for holding in self.holdings if holding.who == who)

    def __str__(self) -> str:
        lines = [self.protocol.upper()]
        for said in self.said:
            lines.append(
                f"  {said.who} C: {said.shown}" if said.command else f"  {said.who}: {visible(said.note)}"
            )
            lines += [f"  {said.who} S: {brief(answer)}" for answer in said.answers]
        return "\n".join([*lines, *(f"  {holding}" for holding in self.holdings)])


def subject(text: str) -> str:
    """The subject of a message or a piece of one, unfolded lines only; "" when there is none."""
    found = _SUBJECT.search(text)
    return found[1].strip() if found else ""


def brief(answer: Told) -> str:
    """An answer for a reader: a list stands whole, a letter is only measured."""
    line = visible(answer.line)
    if not answer.content:
        return line
    if len(answer.content) <= SHORT and not re.search(r"^(?:Received|Return-Path):", answer.content, re.M):
        return f"{line}\n{visible(answer.content.replace(chr(13), '').strip(), keep=chr(10))}"
    named = visible(subject(answer.content))[:80]
    return f"{line}\n({len(answer.content)} characters follow{f': the letter “{named}”' if named else ''})"


def changed(before: Sequence[Kept], after: Sequence[Kept]) -> set[int]:
    """The places in `after` of what is new or otherwise than before."""
    old = list(before)
    found = set()
    for place, one in enumerate(after):
        if one in old:
            old.remove(one)
        elif not any(_same(one, other) for other in old):
            found.add(place)
    return found


def _same(one: Kept, other: Kept) -> bool:
    """The same message in the same state, at another place of the list."""
    return (one.subject, one.uid, one.flags, one.marked, one.whole) == (
        other.subject,
        other.uid,
        other.flags,
        other.marked,
        other.whole,
    )
