"""One mail exchanger: what its MX record says, and where its host is (RFC 5321 §5.1, RFC 2181 §10.3).

Part of `routing`, which asks about one after the other and decides. It neither orders nor drops them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from .route import Answer, Cname, Question
from .text import visible
from .verdict import Step

RDTYPES = {4: "A", 6: "AAAA"}
_WORDS = {
    "found": ("", "known"),
    "no data": ("the name is there, without such a record", "none"),
    "no such name": ("there is no such name", "none"),
    "no answer": ("no answer", "temperror"),
}


@dataclass(frozen=True, slots=True, order=True)
class Exchanger:
    """An MX record: its preference and the name of a host, "." for none. `implicit`: the domain itself."""

    preference: int
    name: str
    implicit: bool = False

    @property
    def is_null(self) -> bool:
        """It names no host: RFC 7505's sign for "no mail", if it stands alone and the preference is 0."""
        return self.name == "."

    @property
    def label(self) -> str:
        return f"{self.preference} {self.name}"


@dataclass(slots=True)
class Found:
    """What became of one exchanger: its addresses, best first, or why there are none.

    `waits` says that an answer was missing, so that there may be an address after all.
    """

    addresses: list[str] = field(default_factory=list)
    queries: list[tuple[Question, Answer]] = field(default_factory=list)
    waits: bool = False
    why: str = ""
    result: str = ""
    ref: str = "RFC 5321 §5.1"

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(asked(*query) for query in self.queries)

    def step(self, label: str, most: int) -> Step:
        """The decision about this exchanger, the questions inside."""
        used = ", ".join(self.addresses[:most])
        more = f", and not the {len(self.addresses) - most} after them" if len(self.addresses) > most else ""
        tried = f"try {used}{more}" if used else ""
        why = "; ".join(filter(None, [self.why, tried]))
        return Step(label, why, self.result or "known", self.ref, self.steps)


def read(domain: str, values: Iterable[str]) -> tuple[list[Exchanger], list[Step]]:
    """The MX records of `domain`, written `10 mx.birch.example.`, and a step for each oddity.

    A host that is named twice counts once, with its best preference.
    """
    exchangers: dict[str, Exchanger] = {}
    steps = []
    for value in values:
        number, _, host = value.strip().partition(" ")
        name = host.strip().removesuffix(".").lower() or "."
        if not (number.isascii() and number.isdigit() and int(number) < 1 << 16) or not host.strip():
            steps.append(
                Step(f"{domain} MX {visible(value)}", "not a preference and a name: left out", "fail")
            )
            continue
        new = Exchanger(int(number), name)
        exchangers[name] = min(new, exchangers.get(name, new))
    null = exchangers.get(".")
    if null and len(exchangers) > 1:
        del exchangers["."]
        why = "a null MX must stand alone: beside other records it means nothing, and the others count"
        steps.append(Step(f"{domain} MX {null.label}", why, "policy", "RFC 7505 §3"))
    return list(exchangers.values()), steps


def addresses_of(
    exchanger: Exchanger, versions: Sequence[int], cname: Cname
) -> Generator[Question, Answer, Found]:
    """Ask for the addresses of one exchanger, of the IP versions that can be used, best first."""
    found = Found()
    if exchanger.is_null:
        found.result, found.ref = "failed", "RFC 7505 §3"
        found.why = 'it names no host; meant as "no mail here" it would need the preference 0'
        return found
    answer = Answer("no data")
    for version in versions:
        question = Question(exchanger.name, RDTYPES[version])
        answer = yield question
        found.queries.append((question, answer))
        if answer.alias and not exchanger.implicit and not _alias(exchanger, answer, cname, found):
            return found
        if answer.status == "no such name":  # so for all types: no need to ask again (RFC 2308 §2)
            break
        found.waits |= answer.status == "no answer"
        found.addresses += [str(ip_address(a)) for a in answer.values if is_address(a, version)]
    if not found.addresses:
        _explain(exchanger, answer, versions, found)
    elif found.waits:
        found.why = "one answer is missing, and what is known will do"
    return found


def _alias(exchanger: Exchanger, answer: Answer, cname: Cname, found: Found) -> bool:
    """An MX must not be an alias. Whether it is followed all the same: the standard does not say."""
    found.why = f"it is an alias of {answer.alias}, which puts it outside the standard"
    found.result, found.ref = "policy", "RFC 2181 §10.3"
    if cname == "lenient":
        found.why += "; followed all the same, as Postfix does"
        return True
    found.why += "; a strict MTA does not follow it"
    found.result, found.addresses, found.waits = "failed", [], False
    return False


def _explain(exchanger: Exchanger, answer: Answer, versions: Sequence[int], found: Found) -> None:
    """Why there is no address."""
    if found.waits:
        found.result, found.why = "delayed", "the DNS gave no answer, so its address is not known now"
        return
    before = f"{found.why}; " if found.why else ""
    found.result = "failed"
    if is_address(exchanger.name):
        found.why = "an MX holds a name, and this is an address: as a name it does not exist. A usual mistake"
    elif answer.status == "no such name":
        found.why = f"{before}there is no such host"
    elif tuple(versions) == (4,):
        found.why = f"{before}it has no IPv4 address, and this host has no IPv6"
    else:
        found.why = f"{before}the host has no address"


def is_address(text: str, version: int | None = None) -> bool:
    """Whether `text` is an IP address, of that version if one is given."""
    try:
        return version in (None, ip_address(text).version)
    except ValueError:
        return False


def asked(question: Question, answer: Answer) -> Step:
    """A question to the DNS and its answer, as a step."""
    why, result = _WORDS[answer.status]
    values = ", ".join(answer.values[:10])
    more = f" and {len(answer.values) - 10} more" if len(answer.values) > 10 else ""
    alias = f"alias of {answer.alias}" if answer.alias else ""
    note = answer.note if answer.status == "no answer" else ""
    text = "; ".join(filter(None, [alias, values + more, why, note]))
    return Step(f"{question.name} {question.rdtype}", text, result)
