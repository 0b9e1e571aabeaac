"""Authentication-Results: what a receiver says that it checked (RFC 8601).

Who checked what, and with which outcome? `parse` takes the field apart; `reading.authentication` says which
of a message's fields may be believed. Anyone can write "dkim=pass" into a message before sending it: a field
counts only under the name of a server that you trust, where only that server can have put it.

It never raises. What fits no rule is kept in `unread`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .lexical import Token, tokens


@dataclass(frozen=True, slots=True)
class Property:
    """What a result is about: `smtp.mailfrom=…` has the type "smtp", the name "mailfrom" and the value."""

    type: str
    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.type}.{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Result:
    """One method and its outcome, in lower case: `method` "spf", `result` "pass" (RFC 8601 §2.7).

    `reason` and `comments` are for people: free text of the server's.
    """

    method: str
    result: str
    version: str = ""
    reason: str = ""
    properties: tuple[Property, ...] = ()
    comments: tuple[str, ...] = ()

    def property(self, type_: str, name: str) -> str:
        """The value of a property, "" when it is not there."""
        wanted = (type_, name)
        return next((p.value for p in self.properties if (p.type, p.name) == wanted), "")


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """One field: who wrote it (`authserv_id`, "" when it does not say), and the results.

    A server that did nothing says `none`, and `results` is empty. `instance` is that of an
    ARC-Authentication-Results field, else 0. `unread` are the words that fit nowhere.
    """

    authserv_id: str
    results: tuple[Result, ...]
    version: str = ""
    comments: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    instance: int = 0

    def of(self, method: str) -> tuple[Result, ...]:
        """The results of one method: there may be several, such as one for each signature."""
        return tuple(result for result in self.results if result.method == method)


@dataclass(slots=True)
class _Part:
    """What stands between two semicolons: its words, quotes undone, and its comments."""

    words: list[str]
    comments: tuple[str, ...]


def parse(value: str) -> AuthenticationResults:
    """The field with this value (RFC 8601 §2.2)."""
    parts = [_part(run) for run in _runs(value)]
    instance = 0
    if parts and parts[0].words[:1] and (number := _instance(parts[0].words)):
        instance = number
        parts = parts[1:]
    head = parts.pop(0) if parts and not _is_result(parts[0]) else _Part([], ())
    results, unread = [], head.words[2:]
    for part in parts:
        result, rest = _result(part)
        results += [result] if result else []
        unread += rest
    version = head.words[1] if len(head.words) > 1 else ""
    name = head.words[0] if head.words else ""
    return AuthenticationResults(name, tuple(results), version, head.comments, tuple(unread), instance)


def _runs(value: str) -> Iterator[list[Token]]:
    run: list[Token] = []
    for token in tokens(value):
        if token.kind == "mark" and token.text == ";":
            yield run
            run = []
        else:
            run.append(token)
    yield run


def _part(run: list[Token]) -> _Part:
    """Words from tokens: those that nothing separates are one, and so are those around `=`, `.` and `/`."""
    words: list[_Word] = []
    glued = False
    for token in run:
        if token.kind == "comment":
            glued = False
            continue
        if words and ((token.glued and glued) or words[-1].goes_on(token.text)):
            words[-1].add(token.text)
        else:
            words.append(_Word())
            words[-1].add(token.text)
        glued = True
    notes = tuple(token.text for token in run if token.kind == "comment")
    return _Part(["".join(word.pieces) for word in words], notes)


class _Word:
    """A word that may be spread over several tokens, for CFWS may stand around its signs (RFC 8601 §2.2)."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.has_equals = self.has_value = False

    def add(self, text: str) -> None:
        self.pieces.append(text)
        if self.has_equals:
            self.has_value = self.has_value or bool(text)
        elif "=" in text:
            self.has_equals, self.has_value = True, not text.endswith("=")

    def goes_on(self, text: str) -> bool:
        """Whether `text`, with space before it, belongs to this word."""
        if not self.has_equals:
            return text[:1] == "=" or text in (".", "/") or self.pieces[-1] in (".", "/")
        # `smtp.mailfrom= smtp.helo=x` has an empty value, whatever the rule says: servers write it so
        return not self.has_value and "=" not in text.rstrip("=")


def _instance(words: list[str]) -> int:
    """The number in `i=1`, which an ARC-Authentication-Results field begins with (RFC 8617 §4.1.1)."""
    name, _, number = words[0].partition("=")
    fits = len(words) == 1 and name.lower() == "i" and number.isascii() and number.isdigit()
    return int(number) if fits and len(number) < 4 else 0


def _is_result(part: _Part) -> bool:
    return bool(part.words) and "=" in part.words[0]


def _result(part: _Part) -> tuple[Result | None, list[str]]:
    if not part.words or [word.lower() for word in part.words] == ["none"]:
        return None, []
    method, is_result, outcome = part.words[0].partition("=")
    if not is_result:
        return None, part.words
    method, _, version = method.partition("/")
    reason, properties, unread = "", [], []
    for word in part.words[1:]:
        name, equals, value = word.partition("=")
        kind, dot, name = name.partition(".")
        if equals and dot:
            properties.append(Property(kind.lower(), name.lower(), value))
        elif equals and kind.lower() == "reason" and not reason:
            reason = value
        else:
            unread.append(word)
    found = Result(method.lower(), outcome.lower(), version, reason, tuple(properties), part.comments)
    return found, unread
