"""Decisions: what an MTA decided about a client's commands, and why.

A reply says what was decided in a line; the reason stands here, with its source, so that a lesson can show
why a message was refused, or why it was let through. The newest few thousand are kept.

It decides nothing: the MTA and its policies do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..mail.reply import Reply
from ..mail.text import visible
from ..mail.transcript import Transcript
from ..mail.verdict import SIGNS, Step, Verdict, tone
from .order import turn

KEPT = 5000  # a client may be refused as often as it likes, and memory has an end
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one command.

    `by` is the policy's name, or "Mta" for what the server itself asks. `verb` is "" for the greeting and
    "." for the end of the message; `about` is the path that the command named, with its angle brackets, or
    "". `reply` is the refusal, None where nothing speaks against it. `transcript` is the session's. `order`
    tells what came first (`order.turn`).
    """

    when: datetime
    by: str
    verb: str
    about: str
    reply: Reply | None
    step: Step
    transcript: Transcript
    order: int = field(default_factory=turn, compare=False, repr=False)

    @property
    def result(self) -> str:
        """accepted, delayed (4yz: the client may come again) or refused (5yz)."""
        if self.reply is None:
            return "accepted"
        return "delayed" if self.reply.is_transient else "refused"

    def verdict(self) -> Verdict:
        """The decision with its reason, for display."""
        client, server = self.transcript.client, self.transcript.server
        said = {"": "its connection", ".": "its message"}.get(self.verb, f"{self.verb} {self.about}".strip())
        answer = f"{self.reply}" if self.reply else "nothing speaks against it"
        question = f"what did {server.host} decide about {said} from {client.host} [{client.address}]?"
        return Verdict(self.result, self.by, question, (self.step, Step("the answer", answer, self.result)))

    def __str__(self) -> str:
        return self.verdict().text()

    def line(self) -> str:
        """The decision in one line, without its reason."""
        about = {"": "greeting", ".": "message"}.get(self.verb, f"{self.verb} {self.about}".strip())
        answer = f": {self.reply}" if self.reply else ""
        return visible(f"{SIGNS[tone(self.result)]} {self.when:%d %b %H:%M:%S} {self.by}, {about}{answer}")


class Decisions:
    """The newest decisions of one MTA, in the order in which they fell."""

    def __init__(self) -> None:
        self._kept: deque[Decision] = deque(maxlen=KEPT)

    def __iter__(self) -> Iterator[Decision]:
        return iter(list(self._kept))  # a copy: the lab goes on while somebody reads

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int) -> Decision:
        return list(self._kept)[index]

    def __repr__(self) -> str:
        lines = [decision.line() for decision in self]
        return "\n".join(lines[-SHOWN:]) or "no decision yet"

    def add(self, decision: Decision) -> None:
        """Keep a decision; the oldest goes when there are too many."""
        self._kept.append(decision)

    @property
    def refusals(self) -> list[Decision]:
        """Those that refused something, for now or for good."""
        return [decision for decision in self if decision.reply]

    def of(self, transcript: Transcript) -> list[Decision]:
        """What was decided in one session. Either leg of a connection with someone in the middle will do."""
        legs = [leg for leg in (transcript, transcript.twin) if leg]
        return [decision for decision in self if any(decision.transcript is leg for leg in legs)]
