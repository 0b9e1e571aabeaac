"""A Received record while it is being read: what was found so far, where, and what was left over.

One rule holds for all clauses here: the first of a name counts, for it stands in the place that the
standard gives it (RFC 5321 §4.4); another one of the same name was not understood. (Of several "by" only
the last comes here: see `clauses`.)
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from .lexer import SPACE, Token
from .record import Received, Span, Tls
from .tls import Facts

Value = str | IPv4Address | IPv6Address | datetime


class Draft:
    """`put` says what a stretch of the text means, `leave` that it means nothing to us."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.values: dict[str, Value] = {}
        self.spans: dict[str, Span] = {}
        self.loose: list[Span] = []
        self.tls: Facts | None = None

    def put(self, name: str, value: Value, start: int, end: int) -> None:
        """`value` is the clause `name`, which stands between `start` and `end`."""
        if start >= end:
            return
        if name in self.values:
            self.leave(start, end)
        else:
            self.values[name] = value
            self.spans[name] = (start, end)

    def word(self, name: str, start: int, end: int) -> None:
        """The text between `start` and `end` is the clause `name`, as it stands."""
        if start < end and name not in self.values:
            self.values[name] = self.text[start:end]
            self.spans[name] = (start, end)
        elif start < end:
            self.loose.append((start, end))

    def rename(self, old: str, new: str) -> None:
        """What was read as the clause `old` is the clause `new`, unless there is one."""
        if old in self.values and new not in self.values:
            self.values[new], self.spans[new] = self.values.pop(old), self.spans.pop(old)

    def leave(self, start: int, end: int) -> None:
        """What stands between `start` and `end` was not understood."""
        self.loose.append((start, end))

    def secured(self, facts: Facts, start: int, end: int) -> None:
        """Something about TLS; what a field says of it in several places becomes one."""
        old = self.spans.get("tls", (start, end))
        self.tls = facts if self.tls is None else self.tls.joined(facts)
        self.spans["tls"] = (min(old[0], start), max(old[1], end))

    def record(self, dialect: str) -> Received:
        """What has been read."""
        facts = self.tls
        tls = Tls(facts.version, facts.cipher, facts.bits, facts.verified) if facts else None
        # The names of `values` are those of the record, with types to match: `put` is only called here.
        return Received(
            self.text, tls=tls, dialect=dialect, spans=self.spans, unread=self._unread(), **self.values  # type: ignore[arg-type]
        )  # fmt: skip

    def _unread(self) -> tuple[Span, ...]:
        """The stretches that were left, in order, neighbours made one."""
        if not self.loose:
            return ()
        joined: list[Span] = []
        for start, end in sorted(self.loose):
            if joined and not self.text[joined[-1][1] : start].strip(SPACE):
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return tuple(joined)


def whole(tokens: list[Token]) -> Span:
    """Where the first token begins and the last one ends."""
    return tokens[0].start, tokens[-1].end
