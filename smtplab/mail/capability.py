"""What a server offers in its reply to EHLO, and what came of using it (RFC 5321 §2.2).

`Switch` is an extension that a server may offer, `Offer` what it says to EHLO and HELO, `Trial` one attempt
by a real client and `Trials` the same attempt with the extension offered and without. `round_trips` and
`content_octets` count in a transcript what an extension saves.

These are plain records: nothing is sent from here, and nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .dialogue import lines
from .meanings.extensions import KEYWORDS
from .reply import Reply
from .text import encode, visible
from .transcript import Side, Transcript
from .verdict import SIGNS, Tone

# "not sent": the client looked at the list, and gave up by itself.
Result = Literal["accepted", "refused", "not sent"]
TONES: dict[Result, Tone] = {"accepted": "good", "refused": "bad", "not sent": "plain"}


@dataclass(frozen=True, slots=True)
class Switch:
    """An extension on one server: is it on, and what speaks against seeing it on this port (`note`)?"""

    keyword: str
    on: bool
    note: str = ""

    @property
    def meaning(self) -> str:
        """What the server does with it, as a phrase: "takes several commands in one go"."""
        return KEYWORDS.get(self.keyword, ("", ""))[0]

    @property
    def ref(self) -> str:
        """Where it is defined, "" when that is not known here."""
        return KEYWORDS.get(self.keyword, ("", ""))[1]


@dataclass(frozen=True, slots=True)
class Offer:
    """The replies of one port to EHLO in clear, to EHLO under TLS, and to HELO, each None if there is none.

    `why` says why there is none in clear or none under TLS.
    """

    clear: Reply | None
    tls: Reply | None
    helo: Reply | None
    why: str = ""

    @property
    def gone(self) -> set[str]:
        """The keywords that are offered in clear and no longer under TLS."""
        return set(self._clear) - set(self._tls) if self.clear and self.tls else set()

    @property
    def new(self) -> set[str]:
        """The keywords that are offered only under TLS."""
        return set(self._tls) - set(self._clear) if self.clear and self.tls else set()

    @property
    def _clear(self) -> dict[str, str]:
        return self.clear.extensions if self.clear else {}

    @property
    def _tls(self) -> dict[str, str]:
        return self.tls.extensions if self.tls else {}


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was counted or measured. `unit` is "" for a count of what `name` says."""

    name: str
    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value:,.0f} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt: which client tried what, and how it went.

    `reply` is the reply that settled it, None when the client gave up by itself, and `said` is then what it
    said. `note` is what to see in it. A figure can be had by its name: `trial["round trips"]`.
    """

    client: str
    what: str
    result: Result
    transcript: Transcript
    reply: Reply | None = None
    said: str = ""
    note: str = ""
    figures: tuple[Figure, ...] = ()

    def __getitem__(self, name: str) -> float:
        """The value of the figure called `name`. Raises KeyError."""
        for figure in self.figures:
            if figure.name == name:
                return figure.value
        raise KeyError(name)

    @property
    def words(self) -> str:
        """What settled it, in the words of whoever said it."""
        return self.said or (str(self.reply) if self.reply else "")

    def __str__(self) -> str:
        figures = "".join(f"; {figure.name}: {figure}" for figure in self.figures)
        head = f"{SIGNS[TONES[self.result]]} {self.result}: {self.client}, {self.what}"
        return visible(f"{head}: {self.words}{figures}".replace("\n", " / "))


@dataclass(frozen=True, slots=True)
class Trials:
    """The same attempt against a server that offers `extension`, and against one that does not."""

    extension: str
    offered: tuple[Trial, ...]
    without: tuple[Trial, ...]

    def __iter__(self) -> Iterator[Trial]:
        return iter((*self.offered, *self.without))

    def __str__(self) -> str:
        parts = []
        for words, trials in (("offered", self.offered), ("not offered", self.without)):
            parts += [f"{visible(self.extension)} {words}", *(f"  {trial}" for trial in trials)]
        return "\n".join(parts)

    __repr__ = __str__


def round_trips(transcript: Transcript) -> int:
    """How often the client said something and then had to wait for an answer.

    Each time costs one way there and one way back (RFC 2920 §3.1). The round trips of TCP and of a TLS
    handshake are not counted, nor is the wait for the greeting.
    """
    trips, waiting = 0, False
    for line in lines(transcript):
        if line.kind not in ("tls", "close"):
            trips += waiting and line.side is Side.SERVER
            waiting = line.side is Side.CLIENT
    return trips


def content_octets(transcript: Transcript) -> int:
    """How many octets of content the client sent: with stuffed dots and the final dot after DATA
    (RFC 5321 §4.5.2), exactly as they are with BDAT (RFC 3030 §2)."""
    sent = sum(len(event.data) for event in transcript.events if event.side is Side.CLIENT)
    commands = [line for line in lines(transcript) if line.kind in ("command", "auth")]
    return sent - sum(len(encode(line.text)) + 2 for line in commands)
