"""What one SPF check asks the DNS: who asks is counted, and every answer becomes a Step.

`Check` is one evaluation on its way: what is given, what was asked, and the limits (RFC 7208 §4.6.4). What
the answers mean is `evaluation`'s part, which builds on it.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import suppress
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET, AF_INET6, inet_pton

from smtplab.mail.domain import to_ascii
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

MAX_LOOKUPS = 10  # RFC 7208 §4.6.4: terms that ask the DNS; the 11th is a permerror
MAX_VOIDS = 2  # RFC 7208 §4.6.4: of their questions, those that nothing came back for
MAX_HOSTS = 10  # RFC 7208 §4.6.4: names of an MX or PTR answer whose addresses are asked for
LIMITS = "RFC 7208 §4.6.4"
MACROS = "RFC 7208 §7.2"

LONGEST = 1000  # characters of a domain or of a local-part that are looked at: twice what SMTP allows
SHOWN = 10  # values of one answer that a step shows
SHOWN_TEXT = 400  # characters of one value

_WORDS = {
    "no data": ("the name is there, without such a record", "none"),
    "no such name": ("there is no such name", "none"),
    "no answer": ("no answer", "temperror"),
}
_LABELS = re.compile(r"[^.]{1,63}(?:\.[^.]{1,63})*")

Address = IPv4Address | IPv6Address
Asking = Generator[Question, Answer, Answer]


class Stop(Exception):
    """The check ends here, with this result (temperror or permerror)."""

    def __init__(self, result: str, why: str, ref: str) -> None:
        super().__init__(why)
        self.result, self.why, self.ref = result, why, ref


class Check:
    """One evaluation: the message it is about, and what it has used up."""

    def __init__(self, ip: str | Address, sender: str, helo: str, receiver: str, now: int) -> None:
        self.version, self.number, self.ip = _client(ip)
        self.rdtype = "A" if self.version == 4 else "AAAA"
        self.helo = ascii_of(helo)
        local, _, origin = sender.rpartition("@")
        if sender in ("", "<>"):  # RFC 7208 §2.4: the null reverse-path
            local, origin = "", self.helo
        self.local = (local or "postmaster")[:LONGEST]  # RFC 7208 §4.3
        self.origin = ascii_of(origin)
        self.sender = f"{self.local}@{self.origin}"
        self.receiver = receiver
        self.now = now
        self.lookups = 0
        self.voids = 0
        self.answers: dict[tuple[str, str], Answer] = {}
        self.queries: list[tuple[Question, Answer]] = []

    @cached_property  # most records have no macros
    def values(self) -> dict[str, str]:
        """The text for each macro letter, but for those that depend on the record (RFC 7208 §7.2)."""
        return {
            "s": self.sender,
            "l": self.local,
            "o": self.origin,
            "h": self.helo,
            "i": self.ip if self.version == 4 else ".".join(f"{self.number:032X}"),
            "v": "in-addr" if self.version == 4 else "ip6",
            "c": self.ip,
            "r": self.receiver or "unknown",
            "t": str(self.now),
        }

    def count(self) -> None:
        """One more term that asks the DNS."""
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            why = f"this would be term {self.lookups} that asks the DNS, and {MAX_LOOKUPS} is the limit"
            raise Stop("permerror", why, LIMITS)

    def ask(self, name: str, rdtype: str, steps: list[Step], *, void: bool = True) -> Asking:
        """Ask, once for each question, and write down a step. An answer without records counts as void."""
        key = (name, rdtype)
        answer = self.answers.get(key)
        if answer is None:
            question = Question(name, rdtype)
            answer = yield question
            self.answers[key] = answer
            self.queries.append((question, answer))
        steps.append(shown(name, rdtype, answer))
        if void and answer.status in ("no data", "no such name"):
            self.voids += 1
            if self.voids > MAX_VOIDS:
                why = f"{self.voids} questions led to nothing, and {MAX_VOIDS} of them is the limit"
                raise Stop("permerror", why, LIMITS)
        return answer

    def among(self, addresses: tuple[str, ...], prefix: int) -> str:
        """The first of `addresses` whose network of that prefix length has the client in it, or ""."""
        family, shift = (AF_INET, 32 - prefix) if self.version == 4 else (AF_INET6, 128 - prefix)
        mine = self.number >> shift
        for address in addresses:
            try:
                number = int.from_bytes(inet_pton(family, address), "big")
            except (OSError, ValueError):
                continue
            if number >> shift == mine:
                return address
        return ""

    def true_names(self, steps: list[Step]) -> Generator[Question, Answer, list[str]]:
        """The names of the client's address that have this address themselves (RFC 7208 §5.5)."""
        names: list[str] = []
        reverse = ".".join(reversed(self.values["i"].split(".")))
        answer = yield from self.ask(f"{reverse}.{self.values['v']}.arpa", "PTR", steps)
        for name in answer.values[:MAX_HOSTS]:
            host = name.removesuffix(".")
            if why_not(host):
                continue
            found = yield from self.ask(host, self.rdtype, steps)
            if self.among(found.values, 32 if self.version == 4 else 128):
                names.append(host)
        return names


def _client(ip: str | Address) -> tuple[int, int, str]:
    """The IP version, the address as a number and as text. Raises ValueError."""
    if isinstance(ip, str):
        with suppress(OSError):  # a dotted quad: the usual way, and read in a third of the time
            return 4, int.from_bytes(inet_pton(AF_INET, ip), "big"), ip
    address = ip_address(ip)
    address = getattr(address, "ipv4_mapped", None) or address  # RFC 7208 §5: IPv4 in IPv6 is IPv4
    return address.version, int(address), str(address).partition("%")[0]


def shown(name: str, rdtype: str, answer: Answer) -> Step:
    """A question to the DNS and its answer, as a step."""
    what = f"{name} {rdtype}"
    if answer.status != "found":
        why, result = _WORDS[answer.status]
        return Step(what, f"{why}; {answer.note}" if answer.note else why, result)
    values = answer.values
    if len(values) == 1 and len(values[0]) <= SHOWN_TEXT:
        return Step(what, values[0], "known")
    text = ", ".join(cut(value) for value in values[:SHOWN])
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return Step(what, text + more, "known")


def cut(text: str) -> str:
    """`text`, cut off where it gets too long to read."""
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}… ({len(text)} characters)"


def ascii_of(domain: str) -> str:
    """The domain with A-labels (RFC 8616 §4); as it is where it has no such form."""
    if domain.isascii():
        return domain[:LONGEST].removesuffix(".")
    if len(domain) > LONGEST:
        return domain[:LONGEST]
    try:
        return to_ascii(domain.replace("\u3002", ".")).removesuffix(".")
    except UnicodeError:
        return domain


def why_not(name: str, *, full: bool = False) -> str:
    """Why the DNS cannot be asked for this name, or "". `full` wants two labels (RFC 7208 §4.3)."""
    if name.isascii() and len(name) <= 253 and _LABELS.fullmatch(name):
        if full and "." not in name:
            return f"{visible(name)} is one label, and a domain that may be asked for has two at least"
        return "it is an address literal and no domain" if full and name[0] == "[" else ""
    if not name:
        return "there is no domain"
    return "no such name can exist: labels have 1 to 63 octets, names at most 253"
