"""The mechanisms that hold the client's address against something (RFC 7208 §5.3 to §5.7).

`a`, `mx`, `ptr` and `exists` ask the DNS; ip4 and ip6 need not. Here is also how a term's domain is worked
out. The order of the terms, and records inside records, are `evaluation`'s part.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import Step

from .asking import LIMITS, MACROS, MAX_HOSTS, Check, Stop, cut, why_not
from .macros import Macro, target
from .record import Mechanism

Matching = Generator[Question, Answer, tuple[bool, str]]


class Hosts(Check):
    """A check that knows its client's hosts."""

    def in_network(self, term: Mechanism) -> tuple[bool, str]:
        if (term.name == "ip4") != (self.version == 4):
            return False, f"{self.ip} is of the other IP version"
        shift = 32 - term.prefix4 if self.version == 4 else 128 - term.prefix6
        matched = self.number >> shift == term.network >> shift
        return matched, f"{self.ip} is in it" if matched else f"{self.ip} is not in it"

    def a(self, term: Mechanism, name: str, inside: list[Step]) -> Matching:
        """An address of the host itself (RFC 7208 §5.3)."""
        answer = yield from self.ask(name, self.rdtype, inside)
        if why := self.why_among(term, name, answer):
            return True, why
        network = self.network(term)
        each = f", each{network}" if network else ""
        return False, f"{self.ip} is not among the addresses of {name}{each}"

    def network(self, term: Mechanism) -> str:
        """The prefix length that counts, where it is not that of one address."""
        prefix, all_of_it = (term.prefix4, 32) if self.version == 4 else (term.prefix6, 128)
        return "" if prefix == all_of_it else f"/{prefix}"

    def why_among(self, term: Mechanism, name: str, answer: Answer) -> str:
        """How the client is one of a host's addresses, or in the same network; "" where it is not."""
        if answer.status == "no answer":
            raise Stop("temperror", f"nobody knows the addresses of {name} now", "RFC 7208 §5")
        address = self.among(answer.values, term.prefix4 if self.version == 4 else term.prefix6)
        if not address:
            return ""
        network = self.network(term)
        return f"{name} has {address}{network}" + (f", and {self.ip} is in it" if network else "")

    def mx(self, term: Mechanism, name: str, inside: list[Step]) -> Matching:
        """The addresses of the domain's mail exchangers (RFC 7208 §5.4)."""
        answer = yield from self.ask(name, "MX", inside)
        if answer.status == "no answer":
            raise Stop("temperror", f"nobody knows the mail exchangers of {name} now", "RFC 7208 §5")
        hosts = [value.split(" ")[-1].removesuffix(".") for value in answer.values]
        if len(hosts) > MAX_HOSTS:
            raise Stop("permerror", f"{len(hosts)} mail exchangers, and {MAX_HOSTS} is the limit", LIMITS)
        for host in filter(None, hosts):
            if why_not(host):
                continue
            found = yield from self.ask(host, self.rdtype, inside)
            if why := self.why_among(term, host, found):
                return True, why
        return False, f"{self.ip} is no mail exchanger of {name}"

    def exists(self, term: Mechanism, name: str, inside: list[Step]) -> Matching:
        """Any A record at all, also where the client has IPv6 (RFC 7208 §5.7)."""
        answer = yield from self.ask(name, "A", inside)
        if answer.status == "no answer":
            raise Stop("temperror", f"nobody knows whether {name} exists", "RFC 7208 §5")
        return bool(answer.values), f"{name} {'has' if answer.values else 'has no'} address"

    def ptr(self, term: Mechanism, name: str, inside: list[Step]) -> Matching:
        """A true name of the client in the domain (RFC 7208 §5.5, which says: do not use it)."""
        names = yield from self.true_names(inside)
        for host in names:
            if is_under(host, name):
                return True, f"{self.ip} is {host}, which is in {name}"
        return False, f"{self.ip} has no name in {name} that leads back to it"

    def name_of(self, macro: Macro, domain: str, inside: list[Step]) -> Generator[Question, Answer, str]:
        """The name that a domain-spec stands for, in this message."""
        if macro.plain is not None:
            return target(macro, {})
        values = yield from self.values_for(macro, domain, inside)
        name = target(macro, values)
        inside.append(Step(cut(macro.text), f"for this message: {cut(name)}", "", MACROS))
        return name

    def values_for(
        self, macro: Macro, domain: str, inside: list[Step]
    ) -> Generator[Question, Answer, dict[str, str]]:
        values = {**self.values, "d": domain}
        if "p" in macro.letters:
            names = yield from self.true_names(inside)
            here = [name for name in names if is_under(name, domain)]
            same = [name for name in here if name.lower() == domain.lower()]
            values["p"] = (same or here or names or ["unknown"])[0]
        return values

    def is_beyond_ascii(self, macro: Macro) -> bool:
        """Whether a local-part that is not ASCII would come into a name (RFC 8616 §4)."""
        return not self.local.isascii() and not macro.letters.isdisjoint("sl")


ASKING: dict[str, Callable[[Hosts, Mechanism, str, list[Step]], Matching]] = {
    "a": Hosts.a,
    "mx": Hosts.mx,
    "exists": Hosts.exists,
    "ptr": Hosts.ptr,
}


def is_under(name: str, domain: str) -> bool:
    """Whether `name` is `domain` or a name below it, whatever the case."""
    name, domain = name.lower(), domain.lower()
    return name == domain or name.endswith("." + domain)
