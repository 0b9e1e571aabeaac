"""The SPF record (RFC 7208 §4.5, §4.6, §12): read it, term by term, and say where it is wrong.

It looks at one record's text. Which of a domain's TXT records that is, `select` answers; what the terms
mean for a message, `evaluation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from smtplab.mail.errors import RecordError

from .macros import IN_DOMAINS, Macro, read, read_domain

RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}  # RFC 7208 §4.6.2
RULES = {
    "all": "RFC 7208 §5.1",
    "include": "RFC 7208 §5.2",
    "a": "RFC 7208 §5.3",
    "mx": "RFC 7208 §5.4",
    "ptr": "RFC 7208 §5.5",
    "ip4": "RFC 7208 §5.6",
    "ip6": "RFC 7208 §5.6",
    "exists": "RFC 7208 §5.7",
    "redirect": "RFC 7208 §6.1",
    "exp": "RFC 7208 §6.2",
}
ASKS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})  # RFC 7208 §4.6.4
MAX_TEXT = 65535  # octets: no DNS message is longer (RFC 1035 §4.2.2)

_VERSION = re.compile(r"v=spf1(?= |\Z)", re.IGNORECASE)
_TERM = re.compile(r"[^ ]+")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=")  # name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
_MECHANISM = re.compile(r"([-+?~]?)([A-Za-z][A-Za-z0-9_.-]*)")
_CIDR = re.compile(r"(?:/([0-9]*))?(?://([0-9]*))?")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One directive: what it says when it matches (`result`), its name, and what it looks at.

    `domain` is None where none is written; `prefix4` and `prefix6` are the lengths that count. `network`
    is the number of ip4's or ip6's address. `span` is its place in the record.
    """

    text: str
    span: tuple[int, int]
    result: str
    name: str
    domain: Macro | None = None
    network: int = 0
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True)
class Modifier:
    """`name=value`: redirect, exp, or one that means nothing (RFC 7208 §6)."""

    text: str
    span: tuple[int, int]
    name: str
    value: Macro


Term = Mechanism | Modifier


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was read: its text and its terms in the order in which they stand."""

    text: str
    terms: tuple[Term, ...]
    redirect: Modifier | None = None
    exp: Modifier | None = None

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        return tuple(term for term in self.terms if isinstance(term, Mechanism))


def select(texts: Iterable[str]) -> list[str]:
    """Those of a domain's TXT records that are SPF records (RFC 7208 §4.5). Exactly one is right."""
    return [text for text in texts if _VERSION.match(text)]


def parse(text: str) -> Record:
    """Read a record. Raises RecordError, with the span, for any syntax error anywhere (RFC 7208 §4.6)."""
    version = _VERSION.match(text)
    if not version:
        raise RecordError("an SPF record begins with v=spf1 and a space", text, (0, min(6, len(text))))
    if len(text) > MAX_TEXT:
        raise RecordError("no DNS message could carry so long a record", text, (MAX_TEXT, len(text)))
    terms: list[Term] = []
    named: dict[str, Modifier] = {}
    for found in _TERM.finditer(text, version.end()):
        term = _term(text, *found.span())
        terms.append(term)
        if isinstance(term, Modifier) and term.name in ("redirect", "exp"):
            if term.name in named:
                raise RecordError(f"{term.name}= may stand once only", text, term.span)
            named[term.name] = term
    return Record(text, tuple(terms), named.get("redirect"), named.get("exp"))


def _term(text: str, start: int, end: int) -> Term:
    found = _MODIFIER.match(text, start, end)
    if found:
        name = found[1].lower()
        span = (found.end(), end)
        value = read_domain(text, span) if name in ("redirect", "exp") else read(text, span, IN_DOMAINS)
        return Modifier(text[start:end], (start, end), name, value)
    found = _MECHANISM.match(text, start, end)
    name = found[2].lower() if found else ""
    reader = _READERS.get(name)
    if not found or not reader:
        raise RecordError(_unknown(name, text[start:end]), text, (start, end))
    return reader(text, found, end)


def _unknown(name: str, term: str) -> str:
    if name in ("redirect", "exp"):
        return f"{name} is a modifier, written {name}= and not {name}:"
    if name in ("ipv4", "ipv6", "ip"):
        return "the mechanisms for addresses are called ip4 and ip6"
    if term.isascii() and term.isprintable():
        return "there is no mechanism of this name: all, include, a, mx, ptr, ip4, ip6, exists"
    return "only visible ASCII characters may stand here"


def _make(text: str, found: re.Match[str], end: int, **more: object) -> Mechanism:
    span = (found.start(), end)
    result = RESULTS[found[1] or "+"]
    return Mechanism(text[slice(*span)], span, result, found[2].lower(), **more)  # type: ignore[arg-type]


def _all(text: str, found: re.Match[str], end: int) -> Mechanism:
    _nothing_after(text, found.end(), end, "all stands alone")
    return _make(text, found, end)


def _with_domain(text: str, found: re.Match[str], end: int) -> Mechanism:
    """include and exists: a domain, and no prefix length."""
    if not text.startswith(":", found.end(), end):
        raise RecordError(f"{found[2]} wants a colon and a domain", text, (found.start(), end))
    return _make(text, found, end, domain=read_domain(text, (found.end() + 1, end)))


def _ptr(text: str, found: re.Match[str], end: int) -> Mechanism:
    if found.end() == end:
        return _make(text, found, end)
    return _with_domain(text, found, end)


def _hosts(text: str, found: re.Match[str], end: int) -> Mechanism:
    """a and mx: maybe a domain, maybe prefix lengths (RFC 7208 §5.3, §5.4)."""
    start = found.end()
    # A domain cannot end in /24, so what looks like a prefix length at the end is one.
    tail = _tail(text, start, end)
    four, six = _lengths(text, tail, end)
    if start == tail:
        return _make(text, found, end, prefix4=four, prefix6=six)
    if text[start] != ":":
        raise RecordError("here comes a colon and a domain, or a prefix length", text, (start, end))
    return _make(text, found, end, domain=read_domain(text, (start + 1, tail)), prefix4=four, prefix6=six)


def _tail(text: str, start: int, end: int) -> int:
    """Where the prefix lengths at the end of a term begin."""
    first = text.rfind("/", start, end)
    at = len(text[start:end].rstrip("0123456789")) + start if first >= 0 else end
    if first < 0 or at != first + 1:
        return end
    if first > start and text[first - 1] == "/":
        first -= 1
        digits = len(text[start:first].rstrip("0123456789")) + start
        return digits - 1 if digits > start and text[digits - 1] == "/" else first
    return first


def _lengths(text: str, start: int, end: int) -> tuple[int, int]:
    """[ "/" ip4-cidr-length ] [ "//" ip6-cidr-length ] (RFC 7208 §5.6, §12)."""
    found = _CIDR.fullmatch(text, start, end)
    if not found:
        raise RecordError("prefix lengths are written /24, //64 or /24//64", text, (start, end))
    return _length(text, found, 1, 32), _length(text, found, 2, 128)


def _length(text: str, found: re.Match[str], group: int, most: int) -> int:
    if found[group] is None:
        return most
    if not _NUMBER.fullmatch(found[group]) or int(found[group]) > most:
        raise RecordError(f"a prefix length here is a number from 0 to {most}", text, found.span(group))
    return int(found[group])


def _address(text: str, found: re.Match[str], end: int) -> Mechanism:
    """ip4 and ip6: an address and maybe a prefix length (RFC 7208 §5.6)."""
    name, start = found[2].lower(), found.end() + 1
    if not text.startswith(":", found.end(), end):
        raise RecordError(f"{name} wants a colon and an address", text, (found.start(), end))
    slash = text.find("/", start, end)
    stop = end if slash < 0 else slash
    kind, most = (IPv4Address, 32) if name == "ip4" else (IPv6Address, 128)
    try:
        address = kind(text[start:stop] if stop - start < 64 and "%" not in text[start:stop] else "")
    except ValueError:
        what = "an IPv4 address" if name == "ip4" else "an IPv6 address"
        raise RecordError(f"{name} wants {what}", text, (start, stop)) from None
    length = most
    if slash >= 0:
        match = _ONE.fullmatch(text, slash, end)
        if not match:
            raise RecordError(f"one prefix length, from 0 to {most}", text, (slash, end))
        length = _length(text, match, 1, most)
    prefix = {"prefix4" if most == 32 else "prefix6": length}
    return _make(text, found, end, network=int(address), **prefix)


_ONE = re.compile(r"/([0-9]*)")


def _nothing_after(text: str, start: int, end: int, why: str) -> None:
    if start < end:
        raise RecordError(why, text, (start, end))


_READERS = {
    "all": _all,
    "include": _with_domain,
    "exists": _with_domain,
    "a": _hosts,
    "mx": _hosts,
    "ptr": _ptr,
    "ip4": _address,
    "ip6": _address,
}
