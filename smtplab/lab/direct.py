"""Delivery without an outbound MTA: a program on any host finds the mail exchanger and speaks SMTP to it.

That is what a script, a printer or a bot does. It has no queue: every address of the route is tried once, and
what has not gone by then is lost unless the program itself keeps it. A receiver sees the host's own address,
which is one reason why mail from home connections is not welcome (RFC 5321 §7.9 lets a server decline it).
"""

from __future__ import annotations

import email.policy
import email.utils
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.message import EmailMessage

from ..mail.attempt import Attempt
from ..mail.envelope import Envelope, MailParameters, Recipient
from ..mail.errors import LabError
from ..mail.path import Path
from ..mail.route import Route
from ..mail.text import visible
from ..mail.transcript import Transcript
from ..mail.verdict import Step, Verdict
from .delivery import Delivery
from .item import Item, SmartHost
from .queue import Queue
from .schedule import Schedule
from .world import World

Find = Callable[[Transcript], list[Item]]
ONCE = Schedule(give_up=timedelta(0), warn=None)
_WORST = ("failed", "delayed", "queued", "dropped", "delivered")


class OneTry(Queue):
    """A queue that tries once, and keeps the routes that it took."""

    def __init__(self, name: str, world: World, smart_host: SmartHost | None = None) -> None:
        super().__init__(name, world)
        self.schedule, self.smart_host = ONCE, smart_host
        self.routes: list[Route] = []

    async def route(self, destination: str) -> Route:
        found = await super().route(destination)
        self.routes.append(found)
        return found


class Direct:
    """What became of a message that a host handed on by itself. It reads the queues anew when it is asked.

    `routes` has the routing decision for each domain, `item` the message with its attempts.
    """

    def __init__(self, source: str, item: Item, routes: list[Route], find: Find) -> None:
        self.source = source
        self.item = item
        self.routes = tuple(routes)
        self._find = find

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every try, in order."""
        return tuple(self.item.attempts)

    def items(self) -> list[Item]:
        """The message as each MTA took it, in the order in which it travelled."""
        found: list[Item] = []
        for transcript in self._own():
            onward = Delivery(transcript, self._find).items()
            found += [item for item in onward if all(item is not known for known in found)]
        return found

    def _own(self) -> list[Transcript]:
        return [attempt.transcript for attempt in self.attempts if attempt.transcript]

    @property
    def transcripts(self) -> list[Transcript]:
        """Every connection that the message went over, this host's own first."""
        onward = [a.transcript for item in self.items() for a in item.attempts if a.transcript]
        return list({id(transcript): transcript for transcript in (*self._own(), *onward)}.values())

    @property
    def path(self) -> list[tuple[str, str]]:
        """The hops as (from, to) host names."""
        return [(transcript.client.host, transcript.server.host) for transcript in self.transcripts]

    def verdict(self) -> Verdict:
        """What happened: the route for each domain, every attempt, and what the next hosts did."""
        steps = [
            Step(f"route for {route.domain}", _in_short(route), "", "", route.verdict.steps)
            for route in self.routes
        ]
        steps += [_attempt(attempt) for attempt in self.attempts]
        for item in self.items():
            outcomes = ", ".join(f"{address} {outcome}" for address, outcome in item.outcomes.items())
            tries = (*item.steps, *map(_attempt, item.attempts))
            steps.append(Step(f"{item.host} {item.id}", outcomes or "no recipient left", "", "", tries))
        outcomes_all = [o for item in (self.item, *self.items()) for o in item.outcomes.values()]
        result = next((word for word in _WORST if word in outcomes_all), "relayed")
        question = f"what became of the message that {self.source} handed on by itself?"
        return Verdict(result, "delivery", question, tuple(steps))

    @property
    def result(self) -> str:
        """delivered, relayed, delayed or failed."""
        return self.verdict().result

    def __repr__(self) -> str:
        return self.verdict().text()


def _in_short(route: Route) -> str:
    if route.refusal:
        return f"nobody to try: {route.refusal}"
    return "try " + ", ".join(f"{target.name} {target.address}" for target in route.targets)


def _attempt(attempt: Attempt) -> Step:
    said = f"the server said {attempt.reply}" if attempt.reply else visible(attempt.note or "no reply")
    if attempt.rule:  # nobody was asked
        said = f"it is not sent: {attempt.reply}"
    place = f"{attempt.host} {attempt.address}".rstrip()
    steps = (attempt.tls,) if attempt.tls else ()
    return Step(f"{attempt.recipient.path} to {place}", said, attempt.outcome, attempt.rule, steps)


def envelope(message: EmailMessage, to: Sequence[str] = ()) -> Envelope:
    """The envelope that a program makes of a message: From, and `to`, or else To, Cc and Bcc.

    Raises LabError when there is no sender or no recipient, RecordError for an address that cannot be one.
    """
    senders = _addresses(message, "From")
    recipients = list(dict.fromkeys(to or _addresses(message, "To", "Cc", "Bcc")))
    if not senders or not recipients:
        raise LabError("Give the message a From field with an address, and a To field.")
    paths = tuple(map(Path.of, recipients))
    body = "" if content(message).isascii() else "8BITMIME"
    sender = Path.of(senders[0])
    beyond = sender.needs_utf8 or any(path.needs_utf8 for path in paths)
    return Envelope(sender, paths, MailParameters(body=body, smtputf8=beyond), tuple(map(Recipient, paths)))


def _addresses(message: EmailMessage, *fields: str) -> list[str]:
    values = [str(value) for name in fields for value in message.get_all(name, [])]
    return [address for _, address in email.utils.getaddresses(values) if address]


def content(message: EmailMessage) -> bytes:
    """The octets that go over the wire: CRLF line ends, and no Bcc field."""
    parts = [part for part in message.walk() if part.is_multipart() and not part.get_boundary()]
    for number, part in enumerate(parts):  # set here, because the library would draw them at random
        part.set_boundary(f"=_smtplab_{number}")
    hidden = message["Bcc"]
    del message["Bcc"]
    try:
        return message.as_bytes(policy=email.policy.SMTP)
    finally:
        if hidden is not None:
            message["Bcc"] = hidden
