"""Delivery: what became of a submitted message, hop by hop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..mail.attempt import Attempt
from ..mail.reply import Reply
from ..mail.text import visible
from ..mail.transcript import Transcript
from ..mail.verdict import Step, Verdict
from .item import Item

Find = Callable[[Transcript], list[Item]]


class Delivery:
    """One submission (`transcript`) and all that followed. It reads the queues anew when it is asked."""

    def __init__(self, transcript: Transcript, find: Find) -> None:
        self.transcript = transcript
        self._find = find

    @property
    def reply(self) -> Reply:
        """The submission server's last word on the message: to its end, or to what it refused."""
        from ..mail.dialogue import lines  # it brings all meanings: not for starting a lab

        after_it = ("RSET", "QUIT")  # what smtplib says once all is over
        return [line.reply for line in lines(self.transcript) if line.reply and line.verb not in after_it][-1]

    def items(self) -> list[Item]:
        """The message as each MTA took it, in the order in which it travelled."""
        found: dict[Item, None] = {}
        todo = deque(self._find(self.transcript))
        while todo:
            item = todo.popleft()
            if item not in found:
                found[item] = None
                for attempt in item.attempts:
                    todo += self._taken(attempt)
        return list(found)

    def _taken(self, attempt: Attempt) -> list[Item]:
        """What the next host made of this try: its connection may have brought other messages too."""
        if attempt.transcript is None or attempt.place is None:
            return []
        return self._find(attempt.transcript)[attempt.place : attempt.place + 1]

    @property
    def transcripts(self) -> list[Transcript]:
        """Every connection that the message went over, the submission first."""
        hops = {id(self.transcript): self.transcript}
        for item in self.items():
            hops.update({id(a.transcript): a.transcript for a in item.attempts if a.transcript})
        return list(hops.values())

    @property
    def path(self) -> list[tuple[str, str]]:
        """The hops as (from, to) host names."""
        return [(transcript.client.host, transcript.server.host) for transcript in self.transcripts]

    def verdict(self) -> Verdict:
        """What happened, with a step for every hop. The result is that of the last recipient to settle:
        delivered, relayed, delayed or failed (RFC 3464 §2.3.3), or dropped, as a duplicate."""
        steps = [Step(f"{self.transcript.client.host} → {self.transcript.server.host}", _said(self.reply))]
        results: list[str] = []
        for item in self.items():
            attempts = (*item.steps, *(_attempt(attempt) for attempt in item.attempts))
            outcomes = ", ".join(f"{address} {outcome}" for address, outcome in item.outcomes.items())
            steps.append(
                Step(
                    f"{item.host} {item.id}",
                    outcomes or "no recipient left",
                    "",
                    "",
                    attempts,
                )
            )
            results += [
                outcome for outcome in item.outcomes.values() if outcome not in ("relayed", "expanded")
            ]
        worst = next(
            (r for r in ("failed", "delayed", "queued", "dropped", "delivered") if r in results), "relayed"
        )
        if self.reply.code >= 300:
            worst = "failed"
        return Verdict(
            worst,
            "delivery",
            f"what became of the message submitted to {self.transcript.server}?",
            tuple(steps),
        )

    @property
    def result(self) -> str:
        """delivered, relayed, delayed, failed or dropped."""
        return self.verdict().result

    def __repr__(self) -> str:
        return self.verdict().text()


def _attempt(attempt: Attempt) -> Step:
    said = _said(attempt.reply) if attempt.reply else visible(attempt.note or "no reply")
    if attempt.rule:  # nobody was asked
        said = f"the MTA itself refuses with {attempt.reply}"
    if attempt.expired and attempt.outcome == "failed":
        said += f". That was the last try: {attempt.status}, delivery time expired"
    steps = (attempt.tls,) if attempt.tls else ()
    return Step(f"{attempt.recipient.path} to {attempt.host}", said, attempt.outcome, attempt.rule, steps)


def _said(reply: Reply) -> str:
    return f"the server said {reply}"
