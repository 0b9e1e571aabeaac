"""What each clause of a Received field holds (RFC 5321 §4.4): one reader for each.

A reader takes the tokens behind the keyword, puts what it understands into the draft and leaves the rest.
Which dialect the line is in matters only to "from".
"""

from __future__ import annotations

from collections.abc import Callable

from . import remarks, tls
from .addresses import address
from .dialects import NAMED_FIRST
from .draft import Draft, whole
from .lexer import Token, inside
from .peer import PHRASES, Peer, settle

_LONGEST_REMARK = 80  # characters of a comment that may be the name of a program


def _from(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """from HOST (...) ...: the client, and remarks on how it came."""
    if _is_phrase(draft, tokens, dialect):
        return
    peer = Peer(draft)
    first = _first(tokens)
    known: list[Token] = []  # remarks
    for place, token in enumerate(tokens):
        if token.kind == "comment":
            if "[" not in token.text and remarks.reader_of(token):
                known.append(token)
            elif place > first and peer.comment(token):
                _leave(draft, known)  # the client said these: the host writes its remarks behind the address
        elif place == first:
            peer.host = token.start, token.end
        elif not peer.behind(token):
            draft.leave(token.start, token.end)
    for token in known:
        if not remarks.read(draft, token):
            peer.comment(token)
    settle(peer, dialect, dialect in NAMED_FIRST)


def _leave(draft: Draft, tokens: list[Token]) -> None:
    for token in tokens:
        draft.leave(token.start, token.end)
    tokens.clear()


def _first(tokens: list[Token]) -> int:
    """Where the value of a clause stands: comments may come before it. -1 when there are only comments."""
    for place, token in enumerate(tokens):
        if token.kind not in ("comment", "mark"):
            return place
    return -1


def _is_phrase(draft: Draft, tokens: list[Token], dialect: str) -> bool:
    """No client at all: words for a program of the host itself, or XMail's `from <reverse-path>`."""
    if len(tokens) == 1 and tokens[0].kind == "angle":
        return "@" in tokens[0].text or tokens[0].text == "<>"
    if len(tokens) > 3 or len(tokens) == 2 or any(token.kind != "word" for token in tokens):
        return False
    if dialect == "gmail" and [token.text for token in tokens[1:]] == ["named", "unknown"]:
        draft.leave(tokens[0].start, tokens[0].end)  # the number of a program that uses the API
        return True
    return " ".join(token.text.lower() for token in tokens) in PHRASES


def _by(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """by HOST (PROGRAM): the host that wrote the field."""
    first = _first(tokens)
    for place, token in enumerate(tokens):
        if token.kind == "comment":
            if not remarks.read(draft, token):
                words = inside(draft.text, token)
                for word in words:
                    if word.kind == "literal" or len(words) == 1:  # and not (IceWarp 13.0.3.1 x64)
                        _own_address(draft, word)
        elif place == first:
            draft.word("by", token.start, token.end)
            _own_address(draft, token)
        elif not _own_address(draft, token):
            draft.leave(token.start, token.end)


def _own_address(draft: Draft, token: Token) -> bool:
    """The host's own address, if `token` is one; the other words of its comment name the program."""
    own = address(token.text) if token.kind in ("word", "literal") else None
    if own and "by_ip" not in draft.values:
        bracket = int(token.kind == "literal")
        draft.put("by_ip", own, token.start + bracket, token.end - bracket)
    return own is not None


def _with(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """with PROTOCOL: a word (RFC 3848) or several, sometimes with the cipher suite among them."""
    words = _without_remarks(draft, tokens)
    if not words:
        return
    start, end = whole(words)
    first = words[0]
    if first.kind == "literal":  # XMail: with [XMail 1.27 ESMTP Server]
        inner = [word for word in inside(draft.text, first) if word.text.upper().endswith("SMTP")]
        start, end = whole(inner or words)
    elif len(words) == 3 and words[1].text.lower() == "encrypted":  # qmail: with SUITE encrypted SMTP
        draft.secured(tls.Facts(cipher=first.text), first.start, words[1].end)
        start, end = words[2].start, words[2].end
    elif "/TLS/" in first.text:  # IronPort: with ESMTP/TLS/SUITE
        slash = first.start + first.text.index("/")
        draft.secured(tls.Facts(cipher=draft.text[slash + 5 : first.end]), slash + 1, first.end)
        end = slash
    elif "with_" in draft.values and first.text.upper() == "STARTTLS":  # Mimecast: with ESMTP with STARTTLS
        draft.secured(tls.Facts(), start, end)
        return
    draft.put("with_", _spaced(draft, start, end), start, end)


def _via(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """via LINK: one word or several."""
    if words := _without_remarks(draft, tokens):
        draft.put("via", _spaced(draft, *whole(words)), *whole(words))


def _spaced(draft: Draft, start: int, end: int) -> str:
    """Words with single spaces between them, where there may be folds."""
    return " ".join(draft.text[start:end].split())


def _without_remarks(draft: Draft, tokens: list[Token]) -> list[Token]:
    """The tokens that are no comments; the comments are read as remarks."""
    words = []
    for token in tokens:
        if token.kind == "comment":
            _remark(draft, token)
        else:
            words.append(token)
    return words


def _remark(draft: Draft, comment: Token) -> None:
    """A known remark, or the name of a program: short, and beginning with a letter or a digit."""
    is_name = len(comment.text) < _LONGEST_REMARK and comment.text[1:2].isalnum()
    if not remarks.read(draft, comment) and not is_name:
        draft.leave(comment.start, comment.end)


def _id(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """id ATOM or id <msg-id>; OpenSMTPD adds auth=yes user=NAME."""
    for place, token in enumerate(_without_remarks(draft, tokens)):
        if place == 0 and token.kind != "mark":
            draft.word("id", token.start, token.end - (token.text[-1] == ","))
        elif token.text[:5] == "user=":
            draft.word("user", token.start + 5, token.end)
        elif token.text[:5] != "auth=":
            draft.leave(token.start, token.end)


def _for(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """for PATH: one recipient; a mailbox may be several tokens without a space ("a b"@c)."""
    words = []
    for token in tokens:
        if token.kind != "comment":
            words.append(token)
        elif not remarks.read(draft, token):
            draft.leave(token.start, token.end)
    count = next((n for n in range(1, len(words)) if not _is_glued(words, n)), len(words))
    if len(words) > 1 and all("@" not in word.text for word in words):
        count = 0  # for multiple recipients
    for word in words[count:]:
        draft.leave(word.start, word.end)
    if count:
        start, end = whole(words[:count])
        bracket = int(count == 1 and words[0].kind == "angle")
        draft.word("for_", start + bracket, end - bracket)


def _is_glued(words: list[Token], place: int) -> bool:
    return words[place].start == words[place - 1].end and words[place].text[0] != ","


def _tls(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """tls SUITE (RFC 8314 §4.3)."""
    for place, token in enumerate(_without_remarks(draft, tokens)):
        if place == 0 and token.kind == "word":
            draft.secured(tls.Facts(cipher=token.text), token.start, token.end)
        else:
            draft.leave(token.start, token.end)


def _envelope(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """envelope-from <path>: known, and no part of the trace."""
    for token in _without_remarks(draft, tokens)[1:]:
        draft.leave(token.start, token.end)


def _rest(draft: Draft, tokens: list[Token], dialect: str) -> None:
    """What stands before the first keyword, or behind the date; a comment there may be a remark."""
    if len(tokens) > 1 and tokens[0].text == "TLS" and "=" in tokens[1].text:  # OpenSMTPD of 2012
        start, end = whole(tokens)
        draft.secured(tls.facts(draft.text[start:end]), start, end)
        return
    for token in tokens:
        if token.kind != "comment" or (not remarks.read(draft, token) and "date" not in draft.values):
            draft.leave(token.start, token.end)


READERS: dict[str, Callable[[Draft, list[Token], str], None]] = {
    "": _rest,
    "from": _from,
    "by": _by,
    "via": _via,
    "with": _with,
    "id": _id,
    "for": _for,
    "tls": _tls,
    "envelope": _envelope,
}
