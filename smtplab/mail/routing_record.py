"""The record of one routing decision: its steps, its questions, and the ways in which it can end.

Part of `routing`, which decides; here is how each ending is told to the sender: the reply code, the enhanced
code (RFC 3463 §3, RFC 7505 §4.1), and the section behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from random import Random

from .reply import Reply
from .route import Answer, Cname, MailHost, Question, Route, Target
from .text import visible
from .verdict import Step, Verdict

# Whatever the DNS says, a decision ends. RFC 5321 §5.1 allows a limit, and wants two addresses at least.
MOST_EXCHANGERS = 10  # that are looked up: 20 questions
MOST_ADDRESSES = 5  # of one exchanger, of all IP versions together
SHOWN = 80  # characters of a stranger's name in a reply

MX_RULE = "RFC 5321 §5.1"


class Record:
    """One decision on its way: what is given, the steps so far, the questions with their answers."""

    def __init__(
        self, domain: str, random: Random, me: frozenset[str], cname: Cname, versions: Sequence[int]
    ) -> None:
        self.domain = domain
        self.random = random
        self.me = me
        self.cname = cname
        self.versions = versions
        self.steps: list[Step] = []
        self.queries: list[tuple[Question, Answer]] = []
        self.looked_up = 0
        self.hosts: list[MailHost] = []
        self.dropped: list[MailHost] = []  # those that are not better than this host

    @property
    def hosts_left(self) -> bool:
        return any(host.addresses for host in self.hosts)

    def take(self, preference: int | None, name: str, step: Step, addresses: Sequence[str]) -> None:
        """Write down what was decided about one host."""
        self.steps.append(step)
        self.hosts.append(MailHost(preference, name, tuple(addresses[:MOST_ADDRESSES]), step))

    @property
    def shown(self) -> str:
        """The domain as text for people: short, and nothing hidden in it."""
        name = visible(self.domain)
        return name if len(name) <= SHOWN else name[: SHOWN - 3] + "..."

    def _say_order(self, targets: tuple[Target, ...]) -> None:
        """The last step, which sums up."""
        addresses = ", ".join(target.address for target in targets[:MOST_ADDRESSES])
        more = f" and {len(targets) - MOST_ADDRESSES} more" if len(targets) > MOST_ADDRESSES else ""
        why = f"{addresses}{more}"
        if len(targets) > 1:
            why += ": the next one whenever one does not answer, or says to come later"
        self.steps.append(Step("the addresses to try", why, "known", MX_RULE))

    def none_usable(self) -> Route:
        why = "there are MX records and none can be used: an error, and the domain's own address is not tried"
        said = "None of its mail exchangers can be used"
        return self.refuse("no mail exchanger can be used", why, 550, "5.4.4", MX_RULE, said=said)

    def is_me(self, name: str) -> bool:
        """An address of this host. 127.0.0.1 and ::1 are whoever reads them, and so is 0.0.0.0."""
        if name in self.me:
            return True
        address = ip_address(name)
        return address.is_loopback or address.is_unspecified

    def loop(self, what: str, why: str) -> Route:
        said = "Its mail loops back to this host"
        return self.refuse(what, f"{why}: sent on, it would come back", 554, "5.4.6", MX_RULE, said=said)

    def later(self, what: str, why: str) -> Route:
        said = "The DNS did not answer"
        return self.refuse(what, why, 451, "4.4.3", MX_RULE, said=said)

    def refuse(
        self, what: str, why: str, code: int, enhanced: str, rule: str, said: str = "Bad destination"
    ) -> Route:
        """No targets: the reply that this MTA gives itself."""
        result = "delayed" if code < 500 else "failed"
        self.steps.append(Step(what, why, result, rule))
        return self.route(Reply(code, enhanced, (f"{said}: {self.shown}",)), rule)

    def route(self, refusal: Reply | None = None, rule: str = "") -> Route:
        """The end. Without a refusal, every address of every host that is left is a target."""
        hosts = (*self.hosts, *self.dropped)
        left = () if refusal else hosts
        targets = tuple(Target(host.preference, host.name, a) for host in left for a in host.addresses)
        if targets:
            self._say_order(targets)
        result = "known" if targets else self.steps[-1].result
        meters = {"mail exchangers": (self.looked_up, MOST_EXCHANGERS)} if self.looked_up else {}
        question = f"where does mail for {self.shown} go?"
        verdict = Verdict(result, "routing", question, tuple(self.steps), meters)
        return Route(self.domain, targets, verdict, tuple(self.queries), refusal, rule, hosts)
