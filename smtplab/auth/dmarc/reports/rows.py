"""One `record` element of a report as a Row, and what to make of one that is not as it should be.

Vendors leave parts out, spell results in capitals, or use words of older drafts. It takes what is clear and
remarks on it. Equal parts of rows are kept once, since most rows of a report are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar

from .parse import Element
from .record import (
    DISPOSITIONS,
    DKIM_RESULTS,
    OLD_REASONS,
    REASONS,
    SPF_RESULTS,
    DkimResult,
    Reason,
    Row,
    SpfResult,
)

SHARED = 20_000  # parts that are kept to be shared
MOST = 10**12  # messages in one row

# Words of drafts and of programs before RFC 7208, and what they are called today.
OLD_WORDS = {"hardfail": "fail", "unknown": "permerror", "error": "temperror", "invalid": "permerror"}
T = TypeVar("T")


def first(element: Element, name: str) -> str:
    """The text of the first child of that name, "" where there is none."""
    found = element.get(name)
    return found[0] if found and isinstance(found[0], str) else ""


def deep(element: Element, name: str) -> Element:
    """The first child of that name that has children itself, an empty one where there is none."""
    return next((child for child in element.get(name, ()) if isinstance(child, dict)), {})


class Rows:
    """Makes rows of elements. `remark` is told what was odd."""

    def __init__(self, remark: Callable[[str], None]) -> None:
        self.remark = remark
        self._shared: dict[object, object] = {}

    def row(self, element: str | Element) -> Row:
        """The row in a `record` element."""
        if isinstance(element, str):
            element = {}
        row = deep(element, "row")
        names, results = (self._part(element, name) for name in ("identifiers", "auth_results"))
        evaluated = self._part(row, "policy_evaluated")
        header_from = first(names, "header_from").lower()
        if not header_from:
            self.remark("a record gives no header_from")
        return Row(
            self._source(first(row, "source_ip")),
            self._count(first(row, "count")),
            self._word(evaluated, "disposition", DISPOSITIONS, "none"),
            self._aligned(evaluated, "dkim"),
            self._aligned(evaluated, "spf"),
            self._one(header_from),
            self._domain(names, "envelope_from"),
            self._domain(names, "envelope_to"),
            self._one(tuple(self._reason(child) for child in evaluated.get("reason", ()) if child)),
            self._one(tuple(self._dkim(child) for child in _all(results, "dkim"))),
            self._one(tuple(self._spf(child) for child in _all(results, "spf"))),
        )

    def _one(self, part: T) -> T:
        """`part`, or the equal one that is kept already."""
        if len(self._shared) < SHARED:
            return self._shared.setdefault(part, part)  # type: ignore[return-value]
        return self._shared.get(part, part)  # type: ignore[return-value]

    def _part(self, element: Element, name: str) -> Element:
        found = deep(element, name)
        if not found and name != "auth_results":
            self.remark(f"a record gives no {name}")
        return found

    def _source(self, text: str) -> str:
        try:
            return self._one(str(ip_address(text.strip("[]").removeprefix("IPv6:"))))
        except ValueError:
            self.remark("a source_ip is no IP address")
            return self._one(text)

    def _count(self, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 12 and 0 < int(text) <= MOST:
            return int(text)
        self.remark("a count is no number of messages, and was taken as 1")
        return 1

    def _word(self, element: Element, name: str, words: tuple[str, ...], default: str) -> str:
        """The word in the child `name`, one of `words`; `default` where it is another."""
        text = first(element, name)
        if text in words:
            return self._one(text)
        word = text.lower()
        if word in words:
            self.remark(f"a {name} is written in capitals")
            return self._one(word)
        if OLD_WORDS.get(word) in words:
            self.remark(f"a {name} is a word of older drafts: {word}")
            return OLD_WORDS[word]
        self.remark(f"a {name} is none of {', '.join(words)}, and was taken as {default}")
        return default

    def _aligned(self, evaluated: Element, name: str) -> bool:
        """Pass or fail. Some write the result of the check itself there, of which pass alone is a pass."""
        return self._word(evaluated, name, ("fail", "pass"), "fail") == "pass"

    def _domain(self, names: Element, name: str) -> str | None:
        found = names.get(name)
        if not found:
            return None
        text = first(names, name).lower()
        return self._one("" if text == "<>" else text)

    def _reason(self, element: str | Element) -> Reason:
        if isinstance(element, str):
            self.remark("a reason has no type, and was taken as other")
            return self._one(Reason("other", element))
        type_ = first(element, "type").lower()
        if type_ not in REASONS and type_ not in OLD_REASONS:
            self.remark("a reason is of a type that is not known, and was taken as other")
            return self._one(Reason("other", first(element, "comment") or type_))
        return self._one(Reason(type_, first(element, "comment")))

    def _dkim(self, element: Element) -> DkimResult:
        result = self._word(element, "result", DKIM_RESULTS, "none")
        domain, selector = first(element, "domain").lower(), first(element, "selector")
        return self._one(DkimResult(domain, selector, result, first(element, "human_result")))

    def _spf(self, element: Element) -> SpfResult:
        result = self._word(element, "result", SPF_RESULTS, "none")
        scope = first(element, "scope").lower() or "mfrom"
        if scope not in ("mfrom", "helo"):
            self.remark("a scope is neither mfrom nor helo, and was taken as mfrom")
            scope = "mfrom"
        return self._one(
            SpfResult(first(element, "domain").lower(), result, scope, first(element, "human_result"))
        )


def _all(element: Element, name: str) -> list[Element]:
    """Every child of that name that has children itself."""
    return [child for child in element.get(name, ()) if isinstance(child, dict)]
