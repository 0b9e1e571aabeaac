"""A small content filter: rules that give points, a score that marks a message or refuses it.

It shows what such a filter does, and no more: five rules that anyone can read, where real ones have
thousands, weights from statistics, and lists that they ask. Its test string does what the string GTUBE does
in SpamAssassin: a message with it is spam beyond doubt, so that a filter can be tried without any spam.

The score goes into X-Spam-Score and X-Spam-Flag. New fields should not begin with X- (RFC 6648 §3), but that
is what filters write and mail programs read. Marks that came with the message are taken out: anyone can
write "X-Spam-Flag: NO".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ...mail.envelope import Envelope
from ...mail.errors import LabError
from ...mail.header import fields, first, named
from ...mail.header.filters import NAMES
from ...mail.header.words import decoded
from ...mail.mime import parts
from ...mail.reply import Reply
from ...mail.verdict import Step
from .. import dialects, trace
from ..policy import Policy, refuse
from ..server import SmtpServer

TEST_STRING = "SMTPLAB*TEST-STRING-FOR-A-CONTENT-FILTER*NO-PERSON-WRITES-THIS"
LOOKED_AT = 256 * 1024  # octets: reading must not hold up the lab, however large a message is
REFUSED = {"standard": Reply(554, "5.7.1", ("The message looks like spam: score {score}, limit {limit}",))}
REF = "RFC 5321 §7.9"

_SHOUTED = 8  # letters
# The name before "@" is not the host: http://www.bank.example@203.0.113.66/ goes to the address.
_URL = re.compile(
    r"https?://(?:[^\s/@]{0,100}@)?(\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|\[[0-9a-f:.]{2,45}\])", re.I
)


class Text:
    """What the rules look at: the first LOOKED_AT octets of a message, decoded."""

    def __init__(self, content: bytes) -> None:
        self._content = content[:LOOKED_AT]
        self.fields = fields(self._content)

    @cached_property
    def subject(self) -> str:
        return decoded(first(self.fields, "Subject"))

    @cached_property
    def body(self) -> str:
        return "\n".join(part.text for part in parts(self._content) if part.type.startswith("text/"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its points when `finds` returns what it found, and "" for nothing."""

    name: str
    points: float
    why: str
    finds: Callable[[Text], str]
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The sum of the points, and a step for each rule that found something."""

    points: float
    steps: tuple[Step, ...]


def _test_string(text: Text) -> str:
    return TEST_STRING if TEST_STRING in text.body else ""


def _shouting(text: Text) -> str:
    letters = [letter for letter in text.subject if letter.isalpha()]
    return text.subject if len(letters) >= _SHOUTED and "".join(letters).isupper() else ""


def _url_with_address(text: Text) -> str:
    found = _URL.search(text.body)
    return found[0] if found else ""


def _missing(name: str) -> Callable[[Text], str]:
    return lambda text: "" if named(text.fields, name) else f"no {name}"


RULES = (
    Rule("TEST_STRING", 1000.0, "the string for trying a filter is in the text", _test_string),
    Rule("SHOUTING", 2.0, "the subject is all in capitals", _shouting),
    Rule("URL_WITH_ADDRESS", 3.0, "a link goes to an IP address, not to a name", _url_with_address),
    Rule("NO_DATE", 1.5, "every message must have a Date", _missing("Date"), "RFC 5322 §3.6"),
    Rule("NO_MESSAGE_ID", 1.0, "every message should have a Message-ID", _missing("Message-ID"),
         "RFC 5322 §3.6.4"),
)  # fmt: skip


def score(content: bytes, rules: tuple[Rule, ...] = RULES) -> Score:
    """What the rules make of a message. It never raises, and does not open, run or fetch anything."""
    text = Text(content)
    total, steps = 0.0, list[Step]()
    for rule in rules:
        if found := rule.finds(text):
            total += rule.points
            steps.append(Step(f"{rule.name} {rule.points:+.1f}", f"{rule.why}: {found[:80]}", "", rule.ref))
    return Score(round(total, 1), tuple(steps))


class ContentFilter(Policy):
    """Mark a message from `mark` points on, and refuse it from `refuse` points on.

    Below `mark` it gets X-Spam-Flag: NO. `rules` may be any, for instance `(*RULES, Rule(...))`. Raises
    LabError when it would refuse before it marks.
    """

    def __init__(
        self,
        mark: float = 5.0,
        refuse: float = 10.0,
        *,
        rules: tuple[Rule, ...] = RULES,
        dialect: str = "standard",
    ) -> None:
        if mark > refuse:
            raise LabError("A content filter marks from fewer points on than it refuses: mark <= refuse.")
        self.mark, self.refuse, self.rules = mark, refuse, rules
        self.dialect = dialects.known(dialect)

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        found = score(content, self.rules)
        what = f"score {found.points:.1f}"
        limits = f"it marks from {self.mark:.1f} on, and refuses from {self.refuse:.1f} on"
        if found.points >= self.refuse:
            words = {"score": f"{found.points:.1f}", "limit": f"{self.refuse:.1f}"}
            return refuse(
                session, dialects.say(REFUSED, self.dialect, **words), what, limits, REF, found.steps
            )
        result = "policy" if found.points >= self.mark else "accepted"
        session.why = Step(what, limits, result, REF, found.steps)
        return None

    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        points = score(content, self.rules).points
        for name in NAMES:
            content = trace.without_field(content, name)
        flag = "YES" if points >= self.mark else "NO"
        return f"X-Spam-Flag: {flag}\r\nX-Spam-Score: {points:.1f}\r\n".encode() + content
