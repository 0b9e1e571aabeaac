"""Who sends for you, read from an SPF record and written into it, term by term.

The record's text is the truth, and the boxes of the builder are a view of it: to tick one puts a term in, to
clear it takes the term out, and whatever else stands there stays, even what cannot be read. New terms go
where they cost least: those that ask nobody come first (RFC 7208 §4.6.2, §4.6.4).

It looks at words between spaces. What they mean, `auth.spf` knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from ..mail.errors import LabError

VERSION = "v=spf1"
NOBODY = f"{VERSION} -all"  # RFC 7208 §10.1: a domain that sends no mail
RESTS = ("-all", "~all", "?all", "")

_ORDER = ("ip", "mx", "a", "include", "exists", "ptr", "all", "redirect", "exp")
_NAME = re.compile(r"[-+?~]?([a-z][a-z0-9_.-]*)", re.IGNORECASE)
# One that does not end goes on to the end of the text, so that no character is looked at twice.
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a record says about who sends: own networks, the MX hosts, other hosts, providers, and the rest.

    `rest` is the all term without a plus sign, "" where there is none.
    """

    networks: tuple[str, ...] = ()
    mx: bool = False
    includes: tuple[str, ...] = ()
    rest: str = ""
    nobody: bool = False


def read(record: str) -> Answers:
    """The answers that stand in `record`, as far as it can be read: terms with another sign do not count."""
    terms = record.split()
    lower = [term.lower().removeprefix("+") for term in terms]
    networks = [
        term.removeprefix("+")[4:] for term in terms if term.lower().lstrip("+")[:4] in ("ip4:", "ip6:")
    ]
    rest = next((term for term in lower if name(term) == "all"), "")
    return Answers(
        tuple(networks),
        "mx" in lower,
        tuple(term[8:] for term in lower if term.startswith("include:")),
        rest,
        lower == NOBODY.split(),
    )


def pasted(text: str) -> str:
    """The record in what was pasted: on one line, and out of the quotation marks of a zone file or of dig."""
    strings = _STRING.findall(text)
    whole = "".join(strings)
    if whole.lower().startswith(VERSION):
        return str(re.sub(r"\\(.)", r"\1", whole))
    return " ".join(text.split())


def with_include(record: str, domain: str, on: bool) -> str:
    """With the term for a provider, or without it."""
    return _switch(record, f"include:{domain}", on)


def with_mx(record: str, on: bool) -> str:
    """With the domain's mail exchangers, or without."""
    return _switch(record, "mx", on)


def with_rest(record: str, term: str) -> str:
    """With `term` ("-all", "~all", "?all" or "") for everybody else."""
    if term not in RESTS:
        raise LabError(f"For everybody else choose one of: {', '.join(filter(None, RESTS))}, or nothing.")
    kept = _without(record, lambda each: name(each) == "all")
    return _put(kept, term) if term else " ".join(kept)


def with_networks(record: str, text: str) -> str:
    """With the addresses and networks in `text`, and no others. Raises LabError for what is none."""
    terms = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            network = ip_network(word.removeprefix("ip4:").removeprefix("ip6:"), strict=False)
        except ValueError:
            message = "is no address or network. Write 192.0.2.10, 192.0.2.0/28 or 2001:db8:a::/64."
            raise LabError(f"{word[:60]!r} {message}") from None
        length = "" if network.prefixlen == network.max_prefixlen else f"/{network.prefixlen}"
        terms.append(f"ip{network.version}:{network.network_address}{length}")
    kept = _without(record, lambda each: each.lower().lstrip("+")[:4] in ("ip4:", "ip6:"))
    return _put(kept, *dict.fromkeys(terms)) if terms else " ".join(kept)


def name(term: str) -> str:
    """The name of a term, in small letters: "include" of `~include:spf.example`."""
    found = _NAME.match(term)
    return found[1].lower() if found else ""


def _switch(record: str, term: str, on: bool) -> str:
    kept = _without(record, lambda each: each.lower().removeprefix("+") == term.lower())
    return _put(kept, term) if on else " ".join(kept)


def _without(record: str, unwanted: Callable[[str], bool]) -> list[str]:
    return [term for term in record.split() if not unwanted(term)]


def _put(terms: Sequence[str], *new: str) -> str:
    """`new` terms of one kind among `terms`, before the first one that is to come after them."""
    if not terms:
        return " ".join((VERSION, *new))
    if terms[0].lower() != VERSION:
        raise LabError("This is no SPF record yet: let it begin with v=spf1 and a space, or empty the field.")
    place = _place(new[0])
    at = next((n for n, each in enumerate(terms) if n and _place(each) > place), len(terms))
    return " ".join((*terms[:at], *new, *terms[at:]))


def _place(term: str) -> int:
    """Where a term belongs; one of an unknown kind stays where it is."""
    kind = name(term)
    kind = "ip" if kind in ("ip4", "ip6") else kind
    return _ORDER.index(kind) if kind in _ORDER else -1
