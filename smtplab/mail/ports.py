"""Which port, which TLS, and a login or none? (RFC 8314, RFC 6409, RFC 3207)

`advise` answers for who one is, whom one talks to and what the network allows, with a `Step` for each
reason. `Trial` is the record of one way tried for real, and `PortRow` what such trials found out about a
port. Nothing is tried from here: `lab.port_trials` does that, and `show` draws these records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .transcript import Transcript
from .verdict import Step, Tone, Verdict

Who = Literal["mail program", "application", "mail server"]
Whom = Literal["submission server", "mail exchanger", "relay"]
Tls = Literal["none", "starttls", "implicit"]

WHO: tuple[Who, ...] = ("mail program", "application", "mail server")
WHOM: tuple[Whom, ...] = ("submission server", "mail exchanger", "relay")
TLS: tuple[Tls, ...] = ("none", "starttls", "implicit")
PORTS = (25, 465, 587)

TLS_WORDS: dict[Tls, str] = {"none": "no TLS", "starttls": "STARTTLS", "implicit": "implicit TLS"}


@dataclass(frozen=True, slots=True)
class Situation:
    """Who wants to send, whom they talk to, and whether their network swallows port 25."""

    who: Who
    whom: Whom
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """What a client has to choose: the port, when TLS begins, and whether it logs in."""

    port: int
    tls: Tls
    login: bool

    def __str__(self) -> str:
        return f"port {self.port}, {TLS_WORDS[self.tls]}, {'with' if self.login else 'without'} AUTH"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do: the ways, best first (none where there is no good one), in short, and why."""

    ways: tuple[Way, ...]
    summary: str
    steps: tuple[Step, ...]

    @property
    def first(self) -> Way:
        """The way to try first; where there is no good one, the only one that an exchanger knows."""
        return self.ways[0] if self.ways else EXCHANGE


SUBMIT = (Way(465, "implicit", True), Way(587, "starttls", True))
EXCHANGE = Way(25, "starttls", False)


def advise(situation: Situation) -> Advice:
    """The ways that are right for `situation`, and the reasons with their sources."""
    if situation.whom != "mail exchanger":
        return Advice(SUBMIT, "Port 465, implicit TLS, and log in", _submission(situation))
    if situation.who != "mail server":
        return Advice((), "No way is right: hand the message to your provider", _not_yours(situation))
    if situation.blocked:
        return Advice((), "No way is left: go through a relay", _shut_in())
    return Advice((EXCHANGE,), "Port 25, STARTTLS where it is offered, no login", _exchange())


def _submission(situation: Situation) -> tuple[Step, ...]:
    whose = {
        "submission server": "Your provider takes mail from its own users.",
        "relay": "A relay sends mail on for its customers.",
    }[situation.whom]
    if situation.who == "mail server":
        whose = "To the one who sends its mail on, a mail server is a customer like any other."
    steps = [
        Step("port 465", f"{whose} That is submission, and 465 and 587 are for it.", "", "RFC 8314 §3.3"),
        Step(
            "implicit TLS",
            "TLS comes before the first line, so nobody can take the offer away. Preferred to STARTTLS.",
            "",
            "RFC 8314 §3",
        ),
        Step("AUTH", "The server must know whose mail it takes, before MAIL.", "", "RFC 6409 §4.3"),
        Step(
            "or port 587, STARTTLS, AUTH",
            "Just as good while the client insists on TLS; many servers have both for now.",
            "",
            "RFC 8314 §3.3",
        ),
    ]
    if situation.blocked:
        steps.append(Step("port 25 swallowed", "That does no harm here: submission does not need port 25."))
    return tuple(steps)


def _not_yours(situation: Situation) -> tuple[Step, ...]:
    why = {
        "mail program": "A mail program submits. It leaves the exchangers to its provider's server.",
        "application": "Whoever talks to exchangers needs a queue and days of patience: a mail server.",
    }
    source = {"mail program": "RFC 8314 §4.1", "application": "RFC 5321 §4.5.4.1"}
    steps = [
        Step(f"a {situation.who}"[:40], why[situation.who], "", source[situation.who]),
        Step(
            "instead: port 465, implicit TLS, AUTH",
            "Submit to your provider, or to a relay that you have an account with.",
            "",
            "RFC 8314 §3.3",
        ),
    ]
    if situation.blocked:
        steps.append(Step("port 25 swallowed", "From here no exchanger can be reached at all."))
    return tuple(steps)


def _exchange() -> tuple[Step, ...]:
    return (
        Step("port 25", "A mail exchanger listens there, and nowhere else.", "", "RFC 5321 §4.5.4.2"),
        Step(
            "STARTTLS where it is offered",
            "A public exchanger must not insist on TLS, so there may be none. Better than nothing.",
            "",
            "RFC 3207 §4",
        ),
        Step("no AUTH", "You have no account there. It takes mail for its own users from anybody."),
    )


def _shut_in() -> tuple[Step, ...]:
    return (
        Step(
            "port 25 swallowed",
            "An exchanger has no other port: 465 and 587 are no way round.",
            "",
            "RFC 5321 §4.5.4.2",
        ),
        Step(
            "instead: a relay, port 465, implicit TLS, AUTH",
            "Hand your mail to somebody whose network lets port 25 out.",
            "",
            "RFC 8314 §3.3",
        ),
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """A way that was tried: from which host to which, how far it got, and the transcript behind it.

    `result` is "delivered" (it is in the mailbox), "accepted" (250, and no more is known), "refused" (a
    reply said no) or "failed" (no SMTP reply at all). `short` says it in a few words, `error` is what the
    client raised. `transcript` is None when no connection came about.
    """

    way: Way
    client: str
    server: str
    recipient: str
    result: Literal["delivered", "accepted", "refused", "failed"]
    short: str
    steps: tuple[Step, ...]
    error: str = ""
    transcript: Transcript | None = None

    @property
    def ok(self) -> bool:
        """Whether the server took the message."""
        return self.result in ("delivered", "accepted")

    def verdict(self) -> Verdict:
        """The trial as a verdict, with a step for each thing that the client did."""
        return Verdict(self.result, str(self.way), f"{self.client} → {self.server}", self.steps)

    def __str__(self) -> str:
        return self.verdict().text()


@dataclass(frozen=True, slots=True)
class Cell:
    """What trials found out: a few words, how good that is, and each trial with what it was for."""

    words: str
    how: Tone
    trials: tuple[tuple[str, Trial], ...]


@dataclass(frozen=True, slots=True)
class PortRow:
    """What one port of a server is for, what it asks of TLS, and who may use it: as measured."""

    port: int
    server: str
    use: Cell
    encryption: Cell
    who: Cell
