"""Reads aggregate reports: XML, gzip or zip, in the form of RFC 9990 or the older one of RFC 7489 §C.

What receivers write differs from both in small ways. Where the meaning is clear it is taken, and a remark
says so; what is malformed or hostile raises RecordError, and nothing else is raised. A report is not believed
for being well formed: anybody can mail one (RFC 9990 §8.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from smtplab.mail.errors import RecordError

from .parse import Element, Elements, form_of
from .record import Published, Report, Row
from .rows import Rows, deep, first
from .unpack import fault, pieces

ROWS = 500_000  # rows of one report
REMARKS = 50  # different ones of one report


def read(data: bytes) -> Report:
    """The report in the file `data`. Raises RecordError for what is none, and for one that is too large."""
    reading = Reading(data)
    rows = tuple(reading)
    return replace(reading.report(), rows=rows)


class Reading:
    """A report read row by row, for one that is too long to be kept: `for row in Reading(data): ...`.

    The rows come in the order of the file; only one is kept at a time. `report()` has the rest, without the
    rows, once all have been read. It can be gone through once. Raises RecordError as `read` does.
    """

    def __init__(self, data: bytes) -> None:
        self.remarks: dict[str, None] = {}
        self._data = data
        self._head: dict[str, str | Element] = {}
        self._elements = Elements(pieces(data, self.remark), self.remark)
        self._rows = Rows(self.remark)
        self._count = 0

    def remark(self, text: str) -> None:
        """Note something odd about the report, once."""
        if len(self.remarks) < REMARKS:
            self.remarks[text] = None

    def __iter__(self) -> Iterator[Row]:
        for name, element in self._elements:
            if self._elements.root != "feedback":
                break
            if name != "record":
                self._keep(name, element)
                continue
            self._count += 1
            if self._count > ROWS:
                raise fault(f"it has more than {ROWS} rows", b"")
            yield self._rows.row(element)
        if self._elements.root != "feedback":
            raise fault("the outermost element is not feedback, so this is no aggregate report", self._data)

    def _keep(self, name: str, element: str | Element) -> None:
        if name not in ("version", "report_metadata", "policy_published"):
            self.remark("it has elements that no report should have, which were left out")
        elif name in self._head:
            self.remark(f"it has {name} twice, and the first one counts")
        else:
            self._head[name] = element

    def report(self) -> Report:
        """The report without its rows. Raises RecordError when its frame is not there."""
        metadata = _part(self._head, "report_metadata", self._data)
        policy = _part(self._head, "policy_published", self._data)
        new = form_of(self._elements.namespace, self.remark)
        if not self._count:
            self.remark("it has no record, and RFC 9990 §3.1.1.2 asks for one at least")
        return _report(metadata, policy, str(self._head.get("version") or ""), new, self)


def _part(head: dict[str, str | Element], name: str, data: bytes) -> Element:
    found = head.get(name)
    if not isinstance(found, dict):
        raise fault(f"it has no {name}, so nobody can say what it reports", data)
    return found


def _report(metadata: Element, policy: Element, version: str, new: bool, reading: Reading) -> Report:
    remark = reading.remark
    range_ = deep(metadata, "date_range")
    begin, end = (_seconds(first(range_, name), name, remark) for name in ("begin", "end"))
    if end < begin:
        remark("the period ends before it begins")
    if not version and not new:
        remark("it gives no version, which RFC 7489 §C asks for")
    for name in ("org_name", "email", "report_id"):
        if not first(metadata, name):
            remark(f"it gives no {name}")
    errors = tuple(text for text in metadata.get("error", []) if isinstance(text, str) and text)
    return Report(
        first(metadata, "org_name"),
        first(metadata, "email"),
        first(metadata, "report_id"),
        begin,
        end,
        _published(policy, remark),
        contact=first(metadata, "extra_contact_info"),
        generator=first(metadata, "generator"),
        errors=errors,
        version=version,
        form="RFC 9990" if new else "RFC 7489",
        remarks=tuple(reading.remarks),
    )


def _seconds(text: str, name: str, remark: Callable[[str], None]) -> int:
    """A moment in seconds since 1970; 0 where it cannot be read."""
    whole, _, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(whole) > 13:
        remark(f"{name} is not a number of seconds since 1970")
        return 0
    if fraction:
        remark(f"{name} has a fraction, which was left out")
    seconds = int(whole)
    if len(whole) > 11:
        remark(f"{name} seems to be in milliseconds")
        seconds //= 1000
    return seconds


def _published(policy: Element, remark: Callable[[str], None]) -> Published:
    if not first(policy, "domain"):
        remark("it names no policy domain")
    if not first(policy, "p"):
        remark("it gives no p, which counts as none")
    said: dict[str, Any] = {name: first(policy, name) for name in ("fo", "pct")}
    for name, words in _WORDS.items():
        text = first(policy, name).lower()
        if text and text not in words:
            remark(f"{name} in policy_published is none of {', '.join(words)}")
            text = ""
        said[name] = text
    discovery = said.pop("discovery_method")
    return Published(
        first(policy, "domain").lower(), **(said | {"p": said["p"] or "none"}), discovery=discovery
    )


_POLICY, _MODE = ("none", "quarantine", "reject"), ("r", "s")
_WORDS = {
    "p": _POLICY,
    "sp": _POLICY,
    "np": _POLICY,
    "adkim": _MODE,
    "aspf": _MODE,
    "testing": ("y", "n"),
    "discovery_method": ("treewalk", "psl"),
}


__all__ = ["Reading", "RecordError", "read"]
