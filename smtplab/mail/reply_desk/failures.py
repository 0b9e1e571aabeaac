"""The failures that mail meets: what words give each away, who can remove it, and how receivers word it.

The number says the class; the words say the cause. `FAILURES` is data, the most specific first; `known` finds
those that a text speaks of. The wordings are shortened, and they age; `reported` ones were read at a third
party only. Sources: Postfix's source, Gmail's and Microsoft's own pages, and the RFCs where they give one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import rows_recipient, rows_sender

# Short names for who can remove a cause.
ACTORS: dict[str, str] = {
    "sender": "the sender",
    "admin": "the sender's mail admin",
    "recipient": "the recipient",
    "receiver": "the receiving side's admin",
    "nobody": "nobody",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """How somebody says it: `reply` begins with the numbers, and is not complete."""

    who: str
    reply: str
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure: `group` joins those that receivers keep apart and others do not (SPF, DKIM, DMARC).

    `acts` is a key of ACTORS, `numbers` are subject and detail of enhanced codes that mean it even without
    words, `only` is the first digit with which the words mean it, "" for any.
    """

    name: str
    group: str
    meaning: str
    acts: str
    advice: str
    ref: str
    numbers: tuple[str, ...] = ()
    only: str = ""
    wordings: tuple[Wording, ...] = ()
    pattern: re.Pattern[str] = field(default=re.compile(r"(?!)"), repr=False)


def _made(row: tuple[str, ...], phrases: str, numbers: str, wordings: str) -> Failure:
    name, group, meaning, acts, advice, ref, *only = row
    found = re.compile(rf"(?:{'|'.join(phrases.split('|'))})", re.IGNORECASE)
    said = [_wording(line) for line in wordings.strip().splitlines()]
    return Failure(
        name, group, meaning, acts, advice, ref, tuple(numbers.split()), "".join(only), tuple(said), found
    )


def _wording(line: str) -> Wording:
    who, _, reply = line.strip().partition(": ")
    return Wording(who.rstrip("?"), reply, who.endswith("?"))


FAILURES: tuple[Failure, ...] = tuple(_made(*row) for row in (*rows_recipient.ROWS, *rows_sender.ROWS))


def known(words: str, klass: str = "", detail: str = "") -> tuple[Failure, ...]:
    """The failures that `words` speak of; without any, those that `detail` ("1.1") means.

    The likeliest stands first: what number and words agree on, then the most specific. `klass` is the first
    digit of the reply, "" when it is not known.
    """
    said = [
        each
        for each in FAILURES
        if (not each.only or not klass or klass == each.only) and each.pattern.search(words)
    ]
    if not said and detail:
        said = [each for each in FAILURES if detail in each.numbers]
    return tuple(sorted(said, key=lambda each: detail not in each.numbers))


def elsewhere(failure: Failure) -> tuple[Wording, ...]:
    """How this failure and those of its group are worded."""
    return tuple(wording for each in FAILURES if each.group == failure.group for wording in each.wordings)
