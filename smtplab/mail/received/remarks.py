"""Comments of a Received field that say more than a name and an address.

What does this remark tell? TLS, the account that logged in, the local user, the envelope. A remark is
known by its first word, as a table lists them; what is not in the table is left to the clause that the
comment stands in, which may know it for the name of a program or an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .draft import Draft
from .lexer import Token, inside
from .tls import Facts, certificate, facts, named

_FIRST = re.compile(r"\([ \t\r\n]*+([^\s,:;=()]+)")
_USER = re.compile(r"\b(?:uid|userid|user|username)[ =]+([^\s,()<>]+)", re.IGNORECASE)
_AUTH = re.compile(r"\bAUTH: (?:\S+ )?([^\s,()]+)")
_AS = re.compile(r"\b(?:sender:?|as|user)\s+([^\s,()]+)", re.IGNORECASE)

_VERSION_AND_SUITE = re.compile(r"\b(TLS-1\.\d)[-, ]++([\w-]++)")

Reader = Callable[[Draft, Token], bool]


def read(draft: Draft, comment: Token) -> bool:
    """Read `comment` if it is a known remark; False leaves it to the caller."""
    reader = reader_of(comment)
    return reader is not None and reader(draft, comment)


def reader_of(comment: Token) -> Reader | None:
    """What can read `comment`, going by its first word; None when it is no known remark."""
    match = _FIRST.match(comment.text)
    if not match:
        return None
    reader = _READERS.get(match[1].lower())
    if reader is None and (named(match[1]) or comment.text.endswith("encrypted)")):
        return _tls
    return reader


def _tls(draft: Draft, comment: Token) -> bool:
    draft.secured(facts(comment.text), comment.start + 1, comment.end - 1)
    return True


def _version(draft: Draft, comment: Token) -> bool:
    """(version=TLSv1.2 cipher=...), but not a program's own (version 3.4.6)."""
    return "cipher" in comment.text.lower() and _tls(draft, comment)


def _over(draft: Draft, comment: Token) -> bool:
    """Chasquid: (over SMTP TLS-1.3-TLS_AES_128_GCM_SHA256) or (over SMTP plain text!)."""
    words = inside(draft.text, comment)
    if len(words) > 1:
        draft.word("with_", words[1].start, words[1].end)
    if match := _VERSION_AND_SUITE.search(comment.text):
        found = Facts(named(match[1]), match[2])
        draft.secured(found, comment.start + match.start(), comment.start + match.end())
    return True


def _certificate(draft: Draft, comment: Token) -> bool:
    if "certificate" not in comment.text and "CN" not in comment.text:
        return False
    draft.secured(certificate(comment.text[1:]), comment.start + 1, comment.end - 1)
    return True


def _found(draft: Draft, comment: Token, pattern: re.Pattern[str]) -> bool:
    """Take the user that `pattern` finds in the comment."""
    match = pattern.search(comment.text)
    if match:
        draft.word("user", comment.start + match.start(1), comment.start + match.end(1))
    return match is not None


def _authenticated(draft: Draft, comment: Token) -> bool:
    """(Authenticated sender: alice), (authenticated as alice), (authenticated bits=0)."""
    _found(draft, comment, _AS)
    return True


def _auth(draft: Draft, comment: Token) -> bool:
    """Courier: (AUTH: PLAIN alice, TLS: TLSv1.2,256bits,...)."""
    _found(draft, comment, _AUTH)
    place = comment.text.find("TLS:")
    if place >= 0:
        draft.secured(facts(comment.text[place + 4 : -1]), comment.start + place, comment.end - 1)
    return True


def _local(draft: Draft, comment: Token) -> bool:
    """(Postfix, from userid 1000), (qmail 123 invoked by uid 1000): the host itself knows this user."""
    _found(draft, comment, _USER)
    return True


def _caller(draft: Draft, comment: Token) -> bool:
    """Sendmail: (from alice@localhost), a message that a local program handed in."""
    words = inside(draft.text, comment)
    if len(words) != 2:
        return False
    draft.word("user", words[1].start, words[1].end)
    return True


def _via(draft: Draft, comment: Token) -> bool:
    """GMX: (via HTTP), for what was written in a web page."""
    words = inside(draft.text, comment)
    if len(words) != 2:
        return False
    draft.word("via", words[1].start, words[1].end)
    return True


def _known(draft: Draft, comment: Token) -> bool:
    return True


_READERS: dict[str, Reader] = {
    "using": _tls,
    "version": _version,
    "cipher": _tls,
    "tls": _tls,
    "ssl": _tls,
    "encrypted": _tls,
    "over": _over,
    "client": _certificate,
    "no": _certificate,
    "authenticated": _authenticated,
    "auth": _auth,
    "smtp-auth": _local,
    "user": _local,
    "qmail": _local,
    "nullmailer": _local,
    "postfix": _local,
    "uid": _local,
    "from": _caller,
    "envelope-from": _known,
    "envelope-sender": _known,
    "envelope": _known,
    "via": _via,
    "orcpt": _known,
    "google": _known,  # (Google Transport Security): between hosts of that service
    "single-drop": _known,
    "multi-drop": _known,
}
