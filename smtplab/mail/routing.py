"""Where does mail for a domain go? The decision (RFC 5321 §5.1, RFC 7505), one Step at a time.

`decide` is a generator and does no I/O: it yields a Question for the DNS, is sent the Answer, and returns
the Route. Whoever drives it may be blocking or not, and a test can play the whole DNS.

    decision = decide("birch.example", random=Random(1))
    question = next(decision)                 # Question("birch.example", "MX")
    question = decision.send(Answer("found", ("10 mx.birch.example.",)))

It does not connect, so it does not know who answers: trying the targets in order is the queue's part.
It keeps no answers: each decision asks anew.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import groupby
from operator import attrgetter
from random import Random

from .domain import check_domain, to_ascii
from .errors import RecordError
from .route import Answer, Cname, MailHost, Question, Route
from .routing_mx import Exchanger, addresses_of, asked, is_address, read
from .routing_record import MOST_ADDRESSES, MOST_EXCHANGERS, MX_RULE, Record
from .text import visible
from .verdict import Step

NONE_BETTER = "no mail exchanger is left that is better than this host"
OUT = Step("left out", "it is not better than this host itself", "policy", MX_RULE)

Asking = Generator[Question, Answer, Route]


def decide(
    domain: str,
    *,
    random: Random,
    me: Collection[str] = (),
    cname: Cname = "lenient",
    versions: Sequence[int] = (4, 6),
) -> Asking:
    """Decide where mail for `domain`, or an address literal such as `[192.0.2.1]`, goes.

    `me` are the names and addresses of the MTA that asks; `random` shuffles MX of equal preference; `cname`
    says whether an MX that is an alias is followed ("lenient", as Postfix does) or not ("strict"). `versions`
    are the IP versions to use, best first: (4,) for a host without an IPv6 address. Raises nothing: a refusal
    is part of the Route.
    """
    return _Decision(domain, random, frozenset(name.lower() for name in me), cname, versions).run()


def relay_through(
    host: str,
    *,
    random: Random,
    me: Collection[str] = (),
    cname: Cname = "lenient",
    versions: Sequence[int] = (4, 6),
) -> Asking:
    """The addresses of the smart host `host`, which takes all mail: its MX records are not asked for.

    Arguments and result as for `decide`. Postfix writes it in brackets: `relayhost = [out.relay.example]`.
    """
    return _Decision(host, random, frozenset(name.lower() for name in me), cname, versions).relay()


class _Decision(Record):
    """The decision itself, from the domain to the addresses."""

    def run(self) -> Asking:
        try:
            check_domain(self.domain)
        except RecordError as error:
            return self.refuse("a domain", visible(error.message), 550, "5.1.2", "RFC 5321 §4.1.2")
        if self.domain.startswith("["):
            return self._literal()
        name = to_ascii(self.domain)
        answer = yield from self._ask(name, "MX")
        name = self._follow(name, answer)
        if answer.status == "no answer":
            return self.later(f"{name} MX", "the DNS gave no answer, which is not a no: the message waits")
        if answer.status == "no such name":
            why = f"there is no domain {name}, so no MX and no address either"
            return self.refuse(f"{name} MX", why, 550, "5.1.2", MX_RULE, said="Domain not found")
        if answer.status == "no data":
            return (yield from self._implicit(name))
        exchangers, notes = read(name, answer.values)
        self.steps += notes
        if not exchangers:
            return self.none_usable()
        if len(exchangers) == 1 and exchangers[0].is_null and exchangers[0].preference == 0:
            why = "the null MX stands alone: the domain says that it takes no mail, so nobody is asked"
            said = "Recipient address has null MX"
            return self.refuse(f"{name} MX 0 .", why, 556, "5.1.10", "RFC 7505 §3", said=said)
        return (yield from self._exchangers(self._ordered(exchangers)))

    def relay(self) -> Asking:
        """To a smart host: its address, by A and AAAA alone."""
        if self.domain.startswith("["):
            return self._literal()
        why = "all mail goes there, whatever its domain, and the smart host looks the domain up"
        self.steps.append(Step(f"smart host {visible(self.domain)}", why, "", "RFC 5321 §2.3.10"))
        found = yield from addresses_of(Exchanger(0, self.domain, True), self.versions, self.cname)
        self.queries += found.queries
        self.take(None, self.domain, found.step(self.domain, MOST_ADDRESSES), found.addresses)
        if found.addresses:
            return self.route()
        if found.waits:
            return self.later(self.domain, "the smart host's address is not known now: the message waits")
        # This host is set up wrongly, and the recipient's address is not to blame: nothing is given up.
        why = "the smart host has no address, and there is no way around it: the message waits"
        said = "The smart host has no address"
        return self.refuse(self.domain, why, 451, "4.3.5", "RFC 3463 §3.4", said=said)

    def _ask(self, name: str, rdtype: str) -> Generator[Question, Answer, Answer]:
        """Ask, and write down a step for it."""
        question = Question(name, rdtype)
        answer = yield question
        self.queries.append((question, answer))
        if rdtype == "MX":
            why = {
                "found": "the domain names its mail exchangers",
                "no data": "the domain is there, and names no mail exchanger",
                "no such name": "the DNS says that the name does not exist",
                "no answer": "nobody answered the question",
            }[answer.status]
            self.steps.append(Step(f"look up {name} MX", why, "", MX_RULE, (asked(question, answer),)))
        return answer

    def _follow(self, name: str, answer: Answer) -> str:
        """The name to go on with: where the domain itself is an alias, the canonical one."""
        if not answer.alias:
            return name
        why = f"it is an alias, so {answer.alias} is looked at in its place, as if that had been written"
        self.steps.append(Step(f"{name} CNAME {answer.alias}", why, "", MX_RULE))
        return answer.alias

    def _literal(self) -> Route:
        """`[192.0.2.1]` or `[IPv6:2001:db8::1]`: the address is given, and the DNS is not asked."""
        text = self.domain[1:-1]
        text = text[5:] if text.lower().startswith("ipv6:") else text
        if not is_address(text):
            why = "it is an address literal of a kind that has no meaning here"
            return self.refuse(self.domain, why, 550, "5.1.2", "RFC 5321 §4.1.3")
        address = str(ip_address(text))
        if self.is_me(address):
            return self.loop(self.domain, f"{address} is an address of this host itself")
        if ip_address(address).version not in self.versions:
            why = "this host has no address of that IP version, so it cannot go there"
            return self.refuse(self.domain, why, 550, "5.4.4", "RFC 5321 §5.2", said="No route to it")
        why = "the address is written in the mail address itself: no look-up, and no second host to try"
        self.take(None, self.domain, Step(self.domain, why, "known", "RFC 5321 §4.1.3"), [address])
        return self.route()

    def _implicit(self, name: str) -> Asking:
        """No MX at all: the domain's own addresses do, as an MX of preference 0 would lead to them."""
        why = f"no MX at all, so {name} itself is its mail exchanger, with preference 0"
        self.steps.append(Step("implicit MX", why, "", MX_RULE))
        return (yield from self._exchangers([Exchanger(0, name, implicit=True)]))

    def _ordered(self, exchangers: list[Exchanger]) -> list[Exchanger]:
        """Lowest preference first, equal ones shuffled; the DNS's own order does not count."""
        ordered: list[Exchanger] = []
        shared: list[str] = []
        for preference, group in groupby(sorted(exchangers), attrgetter("preference")):
            equal = list(group)
            if len(equal) > 1:
                self.random.shuffle(equal)
                shared.append(f"{len(equal)} share the preference {preference} and were shuffled")
            ordered += equal
        names = ", ".join(f"{e.preference} {e.name}" for e in ordered[:MOST_EXCHANGERS])
        why = "; ".join(["the lowest number first", *shared])
        self.steps.append(Step(f"order: {names}", why, "", MX_RULE))
        return ordered

    def _exchangers(self, ordered: list[Exchanger]) -> Asking:
        """Look the exchangers up, until there are no more or one of them is this host."""
        ordered = self._before_me(ordered)
        if not ordered:
            return self.loop(self.domain, NONE_BETTER)
        if len(ordered) > MOST_EXCHANGERS:
            why = f"only the first {MOST_EXCHANGERS} are looked up, so that no DNS can keep this MTA busy"
            self.steps.append(Step(f"{len(ordered)} mail exchangers", why, "policy", MX_RULE))
        waiting = False
        for place, exchanger in enumerate(ordered[:MOST_EXCHANGERS]):
            self.looked_up += 1
            found = yield from addresses_of(exchanger, self.versions, self.cname)
            self.queries += found.queries
            if mine := next(filter(self.is_me, found.addresses), ""):
                self._take_out(exchanger, mine, found.steps, ordered[place + 1 :])
                if not self.hosts_left and not waiting:
                    return self.loop(self.domain, NONE_BETTER)
                break
            step = found.step(exchanger.label, MOST_ADDRESSES)
            self.take(exchanger.preference, exchanger.name, step, found.addresses)
            waiting = waiting or found.waits
        return self._end(ordered, waiting)

    def _take_out(
        self, mine: Exchanger, address: str, asked: tuple[Step, ...], rest: list[Exchanger]
    ) -> None:
        """`mine` turned out to be this host: it goes, and those that are not better, before it and after."""
        self.hosts = [
            host if (host.preference or 0) < mine.preference else replace(host, addresses=(), step=OUT)
            for host in self.hosts
        ]
        why = f"it has {address}, an address of this host: it goes, and all that are not better"
        self.take(mine.preference, mine.name, Step(mine.label, why, "policy", MX_RULE, asked), [])
        for exchanger in rest[:MOST_EXCHANGERS]:
            self.hosts.append(MailHost(exchanger.preference, exchanger.name, (), OUT))

    def _before_me(self, ordered: list[Exchanger]) -> list[Exchanger]:
        """Those that are better than this host, where the MX records name it: the others would loop."""
        mine = next((e for e in ordered if e.name.lower() in self.me), None)
        if mine is None:
            return ordered
        why = "it names this host: it goes, and all that are not better, or the mail would go in a circle"
        better = [e for e in ordered if e.preference < mine.preference]
        self.steps.append(Step(mine.label, why, "policy", MX_RULE))
        self.dropped = [
            MailHost(e.preference, e.name, (), self.steps[-1] if e is mine else OUT)
            for e in ordered[len(better) :][:MOST_EXCHANGERS]
        ]
        return better

    def _end(self, ordered: list[Exchanger], waiting: bool) -> Route:
        if self.hosts_left:
            return self.route()
        if waiting:
            why = "no address is known yet, and some answers are missing: the message waits"
            return self.later("no mail exchanger can be used now", why)
        if ordered[0].implicit:
            why = f"no MX, and {ordered[0].name} has no address that this host can reach: it takes no mail"
            return self.refuse("the implicit MX", why, 550, "5.4.4", MX_RULE, said="It has no mail exchanger")
        return self.none_usable()
