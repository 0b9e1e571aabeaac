"""One Received field, taken apart (RFC 5321 §4.4): what it says, clause by clause, in any dialect.

`parse` reads what the standard asks for and what mail programs write instead. It takes linear time, it
never guesses a value that is not written, and what it cannot read it says. It believes nothing: that
is for `chain`, which knows whom you trust.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import RecordError
from ..text import decode
from . import dialects, remarks, tls
from .addresses import address
from .clauses import Clause, clauses
from .draft import Draft, whole
from .lexer import Token, inside, tokens
from .peer import Peer, settle
from .record import Received

_NAME = re.compile(r"[ \t\r\n]*+(?:(?:X-)?Received[ \t]*+:)?+", re.IGNORECASE)
_RULE = 'a Received field has clauses such as "from host" and "by host", and a date behind a semicolon'


def parse(text: str | bytes) -> Received:
    """The Received field `text`: its body as written, folded or not, or with "Received:" in front.

    Spans point into `text` (decoded, where it is bytes). `user` is also the local user who handed a message
    in. Raises RecordError where nothing is understood: no clause and no date (RFC 5321 §4.4).
    """
    if isinstance(text, bytes):
        text = decode(text)
    lead = _NAME.match(text)
    start = lead.end() if lead else 0
    draft = Draft(text)
    found = clauses(draft, tokens(text, start))
    dialect = dialects.dialect(found)
    for clause in found:
        _READERS[clause.name](draft, clause, dialect)
    if not draft.spans:
        raise RecordError(_RULE, text, (start, len(text)))
    return draft.record(dialect)


def _from(draft: Draft, clause: Clause, dialect: str) -> None:
    """from HOST (...) ...: the client, and remarks on how it came."""
    peer = Peer(draft)
    for place, token in enumerate(clause.tokens):
        if token.kind == "comment":
            if not remarks.read(draft, token):
                peer.comment(token)
        elif place == 0 and token.kind != "mark":
            peer.host = token.start, token.end
        elif token.kind != "literal" or not peer.literal(token):
            draft.leave(token.start, token.end)
    settle(peer, dialect, dialect in dialects.NAMED_FIRST)


def _by(draft: Draft, clause: Clause, dialect: str) -> None:
    """by HOST (PROGRAM): the host that wrote the field."""
    for place, token in enumerate(clause.tokens):
        if token.kind == "comment":
            if not remarks.read(draft, token):
                _own_address(draft, token)
        elif place == 0 and token.kind in ("word", "literal"):
            draft.word("by", token.start, token.end)
            if own := address(token.text):
                draft.put("by_ip", own, token.start, token.end)
        else:
            draft.leave(token.start, token.end)


def _own_address(draft: Draft, comment: Token) -> None:
    """The address of the host itself, if its comment holds one; the rest names its program."""
    for word in inside(draft.text, comment):
        own = address(word.text) if word.kind in ("word", "literal") else None
        if own and "by_ip" not in draft.values:
            bracket = int(word.kind == "literal")
            draft.put("by_ip", own, word.start + bracket, word.end - bracket)


def _words(draft: Draft, clause: Clause, dialect: str) -> None:
    """with and via: one word or several, and remarks."""
    name = "with_" if clause.name == "with" else clause.name
    words = [token for token in clause.tokens if token.kind != "comment"]
    for token in clause.tokens:
        if token.kind == "comment" and not remarks.read(draft, token) and not _is_program(token):
            draft.leave(token.start, token.end)
    if words:
        draft.word(name, *whole(words))


def _is_program(comment: Token) -> bool:
    """Whether a comment may be the name of a program: a few words, without an address."""
    return len(comment.text) < 80 and comment.text[1:2].isalnum()


def _id(draft: Draft, clause: Clause, dialect: str) -> None:
    """id ATOM or id <msg-id>, and remarks."""
    for place, token in enumerate(clause.tokens):
        if token.kind == "comment":
            if not remarks.read(draft, token) and not _is_program(token):
                draft.leave(token.start, token.end)
        elif place == 0 and token.kind != "mark":
            draft.word("id", token.start, token.end)
        else:
            draft.leave(token.start, token.end)


def _for(draft: Draft, clause: Clause, dialect: str) -> None:
    """for PATH: one recipient; a mailbox may be several tokens without a space ("a b"@c)."""
    end = -1
    parts: list[Token] = []
    for token in clause.tokens:
        if token.kind == "comment":
            if not remarks.read(draft, token):
                draft.leave(token.start, token.end)
        elif not parts or token.start == end:
            parts.append(token)
            end = token.end
        else:
            draft.leave(token.start, token.end)
    if parts:
        start, end = whole(parts)
        bracket = int(len(parts) == 1 and parts[0].kind == "angle")
        draft.word("for_", start + bracket, end - bracket)


def _tls(draft: Draft, clause: Clause, dialect: str) -> None:
    """tls CIPHER (RFC 8314 §4.3)."""
    for place, token in enumerate(clause.tokens):
        if place == 0 and token.kind == "word":
            draft.secured(tls.Facts(cipher=token.text), token.start, token.end)
        elif token.kind != "comment" or not (remarks.read(draft, token) or _is_program(token)):
            draft.leave(token.start, token.end)


def _envelope(draft: Draft, clause: Clause, dialect: str) -> None:
    """envelope-from <path>: known, and no part of the trace."""
    for place, token in enumerate(clause.tokens):
        if not remarks.read(draft, token) if token.kind == "comment" else place > 0:
            draft.leave(token.start, token.end)


def _rest(draft: Draft, clause: Clause, dialect: str) -> None:
    """What stands before the first keyword, or behind a semicolon; a comment there is a remark."""
    for token in clause.tokens:
        if token.kind != "comment" or (not remarks.read(draft, token) and "date" not in draft.values):
            draft.leave(token.start, token.end)


_READERS: dict[str, Callable[[Draft, Clause, str], None]] = {
    "": _rest,
    "from": _from,
    "by": _by,
    "via": _words,
    "with": _words,
    "id": _id,
    "for": _for,
    "tls": _tls,
    "envelope": _envelope,
}
