"""The clauses of a Received field: from, by, via, with, id, for, and the date (RFC 5321 §4.4).

Which words belong to which clause? A keyword counts only outside comments, quotes and brackets, and not
where a value must stand: a host may be called "by". Of several "by" the last counts: what stands before it
can be words that the client said as its name. What a clause means is decided elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from . import dates, lexer
from .draft import Draft
from .lexer import Token

# Keyword -> the clause that it begins. The standard's six, RFC 8314's tls, and words of single programs.
KEYWORDS = {
    "from": "from",
    "by": "by",
    "via": "via",
    "with": "with",
    "id": "id",
    "for": "for",
    "tls": "tls",
    "envelope-from": "envelope",  # Haraka
    "envelope-sender": "envelope",
    "mgrt": "id",  # Mailgun
}
_OPENED = frozenset('([<"')


class Clause(NamedTuple):
    """What stands between two keywords; `name` is "" before the first and behind a semicolon."""

    name: str
    tokens: list[Token]
    keyword: Token | None = None


def clauses(draft: Draft, start: int) -> list[Clause]:
    """The clauses from `start` on, in order. The date, wherever it stands, goes straight into `draft`."""
    tokens = _before_date(draft, start) or lexer.tokens(draft.text, start)
    current = Clause("", [])
    found = [current]
    client: Clause | None = None
    resume = -1  # where the date ends
    for place, (kind, text, start, end) in enumerate(tokens):
        if start < resume:
            if end > resume:
                draft.leave(resume, end)
            continue
        if kind == "word":
            name = KEYWORDS.get(text.lower())
            if name and _begins(name, current, tokens, place):
                if name == "by" and current is not client:
                    _to_the_client(found)
                found.append(current := Clause(name, [], tokens[place]))
                if name == "from" and client is None:
                    client = current
                continue
            if text[-1] == "," or text[4:5] == "-":  # as a date may begin that no semicolon announces
                resume = _dated(draft, start)
        elif text == ";":
            resume = _dated(draft, end)
            if current.name or current.tokens:
                found.append(current := Clause("", []))
            continue
        if start >= resume:
            current.tokens.append(tokens[place])
    return found


def _to_the_client(found: list[Clause]) -> None:
    """All that stands between "from" and "by" is about the client, or was said by it."""
    place = next((place for place, clause in enumerate(found) if clause.name == "from"), len(found))
    for _, tokens, keyword in found[place + 1 :]:
        found[place].tokens.extend([keyword, *tokens] if keyword else tokens)
    del found[place + 1 :]


def _before_date(draft: Draft, start: int) -> list[Token] | None:
    """The tokens without those of the date behind the last semicolon, where the standard has it.

    None where there is no such date, or the semicolon may be inside a comment or a quoted string.
    """
    semicolon = draft.text.rfind(";", start)
    moment = dates.moment(draft.text, semicolon + 1) if semicolon >= 0 else None
    if moment is None:
        return None
    found = lexer.tokens(draft.text, start, semicolon)
    for kind, text, _, _ in found:
        if kind == "mark" and text in _OPENED:
            return None
    draft.put("date", moment.when, moment.start, moment.end)
    if moment.end < len(draft.text):
        found.append(Token("mark", ";", semicolon, semicolon + 1))
        found += lexer.tokens(draft.text, moment.end)
    return found


def _dated(draft: Draft, start: int) -> int:
    """Read a date at `start`, if none was read before. Returns where it ends, -1 where there is none."""
    moment = None if "date" in draft.values else dates.moment(draft.text, start)
    if moment is None:
        return -1
    draft.put("date", moment.when, moment.start, moment.end)
    return moment.end


def _begins(name: str, current: Clause, tokens: list[Token], place: int) -> bool:
    """Whether the keyword at `place` begins a clause, rather than being a value or a word in passing."""
    if current.tokens and name not in ("tls", "with"):
        return True  # by far the most
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if name == "tls":  # with ESMTPS ... tls TLS_AES_128_GCM_SHA256
        return current.name in ("with", "id", "envelope") and bool(current.tokens)
    if current.name and not current.tokens:  # right behind a keyword: a host called "by" has more behind it
        return following is not None and following.kind == "word" and following.text.lower() not in KEYWORDS
    if name == "with" and following is not None:
        return not following.text.lower().startswith("cipher")
    return True
