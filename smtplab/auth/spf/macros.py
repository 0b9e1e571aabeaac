"""Macros (RFC 7208 §7): a domain that is worked out for each message, such as `%{ir}.%{v}.example.org`.

`read` takes a text apart and points at what is wrong; `expand` puts it together with the values of one
check. The validated name `%{p}` needs the DNS, so whoever expands hands its value in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from smtplab.mail.errors import RecordError

IN_DOMAINS = "slodiphv"  # RFC 7208 §7.2; c, r and t are for explanations alone
IN_EXPLANATIONS = IN_DOMAINS + "crt"
MAX_NAME = 253  # RFC 7208 §7.3: octets of a name that is asked for
MAX_TEXT = 1000  # characters of an explanation: the RFC sets no limit, and a reply is no place for a novel

# macro-expand = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-" (RFC 7208 §7.1)
_EXPAND = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|([%_-]))")
_NO_LITERAL = re.compile(r"[^!-~]")
_SIGNS = {"%": "%", "_": " ", "-": "%20"}
_ALNUM = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Expand:
    """`%{l2r+-}`: the letter in lower case, how many parts from the right (0: all), whether reversed first,
    the delimiters, and whether the outcome is escaped for a URL (the letter was upper case)."""

    letter: str
    digits: int
    reverse: bool
    delimiters: str
    escape: bool


Piece = str | Expand


@dataclass(frozen=True, slots=True)
class Macro:
    """A text with macros: `text` as it was written, its pieces, and the letters that stand in it.

    `plain` is the outcome where there is no macro at all, otherwise None.
    """

    text: str
    pieces: tuple[Piece, ...]
    letters: frozenset[str]
    plain: str | None
    ends_in_macro: bool


def read(whole: str, span: tuple[int, int], letters: str = IN_DOMAINS, *, spaces: bool = False) -> Macro:
    """Take the part `span` of `whole` apart. Raises RecordError with the place (RFC 7208 §7.1).

    `letters` are the macros that are allowed there; `spaces` allows spaces, as in an explanation.
    """
    at, end = span
    pieces: list[Piece] = []
    used: set[str] = set()
    last_is_macro = False
    while at < end:
        stop = whole.find("%", at, end)
        stop = end if stop < 0 else stop
        if stop > at:
            _check_literal(whole, at, stop, spaces)
            pieces.append(whole[at:stop])
            last_is_macro = False
        if stop < end:
            found = _EXPAND.match(whole, stop, end)
            if not found:
                why = "% begins a macro such as %{d}; a percent sign is %%, a space %_, an escaped space %-"
                raise RecordError(why, whole, (stop, min(stop + 2, end)))
            pieces.append(_piece(whole, found, letters))
            used.update((found[1] or "").lower())
            last_is_macro, stop = True, found.end()
        at = stop
    fixed = [piece for piece in pieces if isinstance(piece, str)]
    plain = "".join(fixed) if len(fixed) == len(pieces) else None
    return Macro(whole[slice(*span)], tuple(pieces), frozenset(used), plain, last_is_macro)


def read_domain(whole: str, span: tuple[int, int]) -> Macro:
    """The same for a domain-spec, which ends in a macro or in a dot and a top label (RFC 7208 §7.1)."""
    if span[0] >= span[1]:
        raise RecordError("a domain is missing here", whole, span)
    macro = read(whole, span)
    if macro.ends_in_macro:
        return macro
    tail = str(macro.pieces[-1])
    before, dot, top = tail.removesuffix(".").rpartition(".")
    if not dot or not _is_top(top):
        start = span[1] - len(tail) + (len(before) + 1 if dot else 0)
        if re.fullmatch(r"[0-9.]+", macro.text):
            raise RecordError("an address belongs into ip4: or ip6:, this wants a name", whole, span)
        why = "a domain ends in a dot and a top label such as .example, which is not all digits"
        raise RecordError(why, whole, (start, span[1]))
    return macro


def expand(macro: Macro, values: Mapping[str, str], limit: int = MAX_TEXT) -> str:
    """The outcome: `values` has the text for each letter. No longer than `limit`, cut on the right."""
    if macro.plain is not None:
        return macro.plain[:limit]
    done: list[str] = []
    room = limit
    for piece in macro.pieces:
        done.append(piece if isinstance(piece, str) else _one(piece, values))
        room -= len(done[-1])
        if room <= 0:
            break
    return "".join(done)[:limit]


def target(macro: Macro, values: Mapping[str, str]) -> str:
    """The domain to ask for: the outcome without a last dot, labels on the left dropped until 253 octets
    are left (RFC 7208 §7.3)."""
    if macro.plain is not None:
        name = macro.plain
    else:
        done: list[str] = []
        room = 4 * MAX_NAME  # whatever stands further left is cut off in any case
        for piece in reversed(macro.pieces):
            done.append(piece if isinstance(piece, str) else _one(piece, values))
            room -= len(done[-1])
            if room <= 0:
                break
        name = "".join(reversed(done))
    name = name.removesuffix(".")
    if len(name) <= MAX_NAME:
        return name
    return name[-MAX_NAME - 1 :].partition(".")[2]


def _check_literal(whole: str, start: int, end: int, spaces: bool) -> None:
    """macro-literal = %x21-24 / %x26-7E (RFC 7208 §7.1)."""
    wrong = _NO_LITERAL.search(whole, start, end)
    while wrong and spaces and wrong[0] == " ":
        wrong = _NO_LITERAL.search(whole, wrong.end(), end)
    if wrong:
        raise RecordError("only visible ASCII characters may stand here", whole, wrong.span())


def _piece(whole: str, found: re.Match[str], letters: str) -> Piece:
    letter, digits, reverse, delimiters, sign = found.groups()
    if sign:
        return _SIGNS[sign]
    if letter.lower() not in letters:
        only = letter.lower() in IN_EXPLANATIONS
        why = "c, r and t are for explanations alone" if only else "there is no macro of that letter"
        raise RecordError(why, whole, found.span(1))
    if digits and not digits.strip("0"):
        raise RecordError("no part at all would be left: 1 is the least", whole, found.span(2))
    count = int(digits[-4:] or "0") if len(digits.lstrip("0")) < 4 else 999  # more parts than any name has
    return Expand(letter.lower(), count, bool(reverse), delimiters, letter.isupper())


def _one(piece: Expand, values: Mapping[str, str]) -> str:
    value = values[piece.letter]
    if piece.reverse or piece.digits or piece.delimiters:
        parts = re.split(f"[{re.escape(piece.delimiters or '.')}]", value)
        if piece.reverse:
            parts.reverse()
        value = ".".join(parts[-piece.digits :])
    return quote(value, safe="-._~", errors="surrogateescape") if piece.escape else value


def _is_top(label: str) -> bool:
    """toplabel: letters, digits and inner hyphens, not digits alone (RFC 7208 §7.1)."""
    if label.isdigit() or not label or label[0] == "-" or label[-1] == "-":
        return False
    return _ALNUM.fullmatch(label.replace("-", "") or "-") is not None
