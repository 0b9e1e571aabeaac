"""Has the receiver of reports agreed to them? (RFC 9990 §4)

A record may name an address at any domain in rua=. Without a check, somebody could have a victim flooded with
reports; so a destination outside the organization has to say in the DNS that it wants them. For failure
reports the check is the same (RFC 9991 §5). Who belongs together the tree walk tells. Mailing is for others.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from urllib.parse import unquote

from smtplab.mail.domain import to_ascii
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from ...spf.check import PATIENCE, drive
from ...what_if import Resolve, asked
from ..record import MAX_TEXT, parse, select
from ..walk import NoAnswer, Walker

REF = "RFC 9990 §4"
LONGEST = 253  # octets of a name as text (RFC 1035 §2.3.4)


@dataclass(frozen=True, slots=True)
class DestinationVerdict(Verdict):
    """pass (reports may go there), fail, temperror (ask again later) or permerror (no address to send to).

    `destination` is the address that the reports go to: another one than `rua` where the consumer says so.
    """

    rua: str = ""
    destination: str = ""
    queries: tuple[tuple[Question, Answer], ...] = ()


def mailto(uri: str) -> str:
    """The address in a mailto: URI of rua= or ruf=, "" where it is none. It drops a size limit (`!10m`)."""
    scheme, colon, rest = uri.strip().partition(":")
    if scheme.lower() != "mailto" or not colon:
        return ""
    address = unquote(rest.partition("?")[0].partition("!")[0])
    local, at, domain = address.rpartition("@")
    printable = address.isprintable() and not any(char in address for char in ' <>,;"()[]\\')
    return address if local and at and domain and printable else ""


def may_report(
    policy_domain: str, rua: str, *, resolve: Resolve, patience: float = PATIENCE
) -> DestinationVerdict:
    """May reports about `policy_domain` go to `rua`, a mailto: URI of its record? Asks with `resolve`.

    Never raises for what the DNS or the record says.
    """
    given = {"policy_domain": policy_domain, "rua": rua, "resolve": resolve, "patience": patience}
    return asked(drive(evaluate(policy_domain, rua), resolve, patience), may_report, given)


def evaluate(policy_domain: str, rua: str) -> Generator[Question, Answer, DestinationVerdict]:
    """`may_report`, with its questions yielded and their answers sent: no I/O."""
    check = _Check(to_ascii(policy_domain.strip()).removesuffix("."), rua)
    try:
        result, destination = yield from check.run()
    except NoAnswer as error:
        check.steps.append(error.step)
        result, destination = "temperror", ""
    return DestinationVerdict(
        result,
        "report destination",
        f"may reports about {visible(check.policy)[:200]} go to {visible(rua)[:200]}?",
        tuple(check.steps),
        rua=rua,
        destination=destination,
        queries=tuple(check.walker.queries),
    )


class _Check:
    """One check on its way. `run` returns the result and where the reports go."""

    def __init__(self, policy: str, rua: str) -> None:
        self.policy, self.rua = policy, rua
        self.walker = Walker()
        self.steps: list[Step] = []

    def run(self) -> Generator[Question, Answer, tuple[str, str]]:
        address = mailto(self.rua)
        if not address:
            why = "This is no mailto: address, and no other scheme is in use."
            return self._say(self.rua, why, "permerror"), ""
        host = _host(address)
        if (yield from self._inside(host)):
            return "pass", address
        name = f"{self.policy}._report._dmarc.{host}"
        if len(name) > LONGEST:
            return self._say(name, f"The name is longer than {LONGEST} octets: nobody can agree.", "fail"), ""
        answer = yield from self.walker.ask(name, "TXT")
        if answer.status == "no answer":
            why = f"The DNS did not answer ({answer.note or 'no reason given'}): ask again later."
            return self._say(f"{name} TXT", why, "temperror"), ""
        return _read(name, address, host, answer, self.steps)

    def _inside(self, host: str) -> Generator[Question, Answer, bool]:
        """Whether both are of one organization, which the tree walk tells (RFC 9989 §4.10.2)."""
        if host == self.policy:
            self._say(host, "The address is in the domain itself: nothing has to be asked.", "pass")
            return True
        ours = yield from self.walker.walk(self.policy)
        theirs = yield from self.walker.walk(host)
        if ours.organization == theirs.organization:
            why = f"Both belong to {ours.organization}: nothing has to be asked."
            self._say(host, why, "pass", theirs.steps)
            return True
        why = f"The address is outside the organization of {self.policy}: it has to agree."
        self._say(host, why, "", theirs.steps)
        return False

    def _say(self, what: str, why: str, result: str, steps: tuple[Step, ...] = ()) -> str:
        self.steps.append(Step(visible(what)[:300], why, result, REF, steps))
        return result


def _read(name: str, address: str, host: str, answer: Answer, steps: list[Step]) -> tuple[str, str]:
    """What the TXT records at `name` say: the result, and where to send."""
    agreeing = select(value for value in answer.values if len(value) <= MAX_TEXT)
    steps += [
        Step(visible(value)[:200], "It does not begin with v=DMARC1, so it does not count.", "", REF)
        for value in answer.values[:10]
        if value not in agreeing
    ]
    if not agreeing:
        why = "No record here begins with v=DMARC1: the destination has not agreed, and gets no report."
        steps.append(Step(f"{name} TXT", why, "fail", REF))
        return "fail", ""
    steps.append(Step(f"{name} TXT", "The destination has agreed.", "pass", REF))
    for rua in (uri for text in agreeing[:10] for uri in parse(text).rua[:1]):
        other = mailto(rua)
        if other and _host(other) == host:
            steps.append(Step(f"rua={rua}", "It wants them at this address instead.", "", REF))
            return "pass", other
        why = "It names another host, which could send reports round in circles: the address stays."
        steps.append(Step(f"rua={rua}", why, "", REF))
    return "pass", address


def _host(address: str) -> str:
    return to_ascii(address.rpartition("@")[2]).removesuffix(".")
