"""Authentication-Results, written (RFC 8601): what a receiver checked, said to who reads the message next.

`write` puts the verdicts of SPF, DKIM and DMARC into one field; `field` writes any results at all. Values
come from the wire, so each is quoted where a bare one could break out of its place: what
`mail.header.results` reads back is what was written. Without `utf8` the field is ASCII, domains as A-labels;
only a message that is internationalized itself may carry U-labels (RFC 8601 §2.2, RFC 8616 §3).

It does not decide what is believed: that is the reader's part (RFC 8601 §5).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..mail.domain import to_ascii
from ..mail.errors import RecordError
from ..mail.header.results import Property, Result
from ..mail.text import visible
from .spf.result import SpfVerdict

if TYPE_CHECKING:
    from .dkim.result import DkimVerdict
    from .dmarc.result import DmarcVerdict

WIDTH = 78  # columns of a line, where words allow it (RFC 5322 §2.1.1)
LONGEST = 400  # characters of one value, which quoting may double: a line has 998 (RFC 5322 §2.1.1)
SIGNED = 8  # characters of b= that tell signatures apart (RFC 8601 §2.7.1)

_TOKEN = r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+"  # RFC 2045 §5.1
_ATOM = r"[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~]+"  # RFC 5322 §3.2.3
_LABELS = r"[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?(?:\.[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?)*"
# pvalue = value / [ [ local-part ] "@" ] domain-name (RFC 8601 §2.2)
_BARE = re.compile(rf"{_TOKEN}|(?:{_ATOM}(?:\.{_ATOM})*)?@{_LABELS}")
_KEYWORD = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?")  # RFC 5321 §4.1.2: Ldh-str
_NAME = re.compile(r"[^\x00-\x20\"(),/:;<=>?@\[\\\]\x7f-\x9f\ud800-\udfff]+")


def write(
    authserv_id: str,
    *,
    spf: SpfVerdict | None = None,
    dkim: Sequence[DkimVerdict] | None = None,
    dmarc: DmarcVerdict | None = None,
    null_path: bool = False,
    more: Iterable[Result] = (),
    utf8: bool = False,
) -> str:
    """The field of the server `authserv_id`, folded, with its name and its CRLF.

    None is for what was not checked; an empty `dkim` says that there was no signature. With `null_path` SPF
    was asked about HELO. Raises RecordError for an `authserv_id` that is no host name.
    """
    results: list[Result] = []
    if spf is not None:
        results.append(of_spf(spf, null_path=null_path))
    if dkim is not None:
        results += [of_dkim(verdict) for verdict in dkim] or [Result("dkim", "none")]
    if dmarc is not None:
        results.append(of_dmarc(dmarc))
    return field(authserv_id, (*results, *more), utf8=utf8)


def of_spf(verdict: SpfVerdict, *, null_path: bool = False) -> Result:
    """SPF's result: the domain alone, for the local part decided nothing (RFC 8601 §2.7.2)."""
    name = "helo" if null_path else "mailfrom"
    return Result("spf", verdict.result, properties=(Property("smtp", name, verdict.domain),))


def of_dkim(verdict: DkimVerdict) -> Result:
    """The result for one signature: whose, and which one, for a domain may sign twice (RFC 8601 §2.7.1)."""
    value = b64encode(verdict.signature.octets).decode("ascii") if verdict.signature else ""
    known = {
        "d": verdict.domain,
        "i": verdict.identity,
        "s": verdict.selector,
        "a": verdict.algorithm,
        "b": value[:SIGNED],
    }
    found = [Property("header", name, text) for name, text in known.items() if text]
    if verdict.result == "policy":  # RFC 8601 §2.7.1: the signature holds, and this server will not have it
        found.append(Property("policy", "dkim-rules", verdict.cause))
    return Result("dkim", verdict.result, reason=verdict.cause, properties=tuple(found))


def of_dmarc(verdict: DmarcVerdict) -> Result:
    """DMARC's result, with the policy that was asked for and where it was found, if not at From's domain."""
    found = [Property("header", "from", verdict.domain)] if verdict.domain else []
    if verdict.policy:
        found.append(Property("polrec", "p", verdict.policy))
    if verdict.policy_domain and verdict.policy_domain != verdict.domain:
        found.append(Property("polrec", "domain", verdict.policy_domain))
    return Result("dmarc", verdict.result, properties=tuple(found))


def field(authserv_id: str, results: Iterable[Result], *, version: str = "", utf8: bool = False) -> str:
    """A field with these results, folded, with its CRLF; without any it says "none" (RFC 8601 §2.2).

    Raises RecordError for an `authserv_id` that is no name, and for a method, result, property or version
    that is no word: those are the server's own, and no stranger's.
    """
    if not _NAME.fullmatch(authserv_id):
        raise RecordError("an authserv-id is a name, as of a host", authserv_id, (0, len(authserv_id)))
    name = authserv_id if utf8 else to_ascii(authserv_id)
    head = f"Authentication-Results: {name}" + (f" {_keyword(version)}" if version else "")
    parts = [_words(result, utf8) for result in results] or [["none"]]
    lines, last = [], head
    for part in parts:
        lines.append(last + ";")
        last = "\t"
        for word in part:
            if last.strip() and len(last) + len(word) > WIDTH - 1:
                lines.append(last)
                last = "\t\t"
            last += word if not last.strip() else f" {word}"
    return "\r\n".join([*lines, last]) + "\r\n"


def _words(result: Result, utf8: bool) -> list[str]:
    """The words of one result; a fold may come between any two."""
    version = f"/{_keyword(result.version)}" if result.version else ""
    words = [f"{_keyword(result.method)}{version}={_keyword(result.result)}"]
    words += [f"({_comment(text, utf8)})" for text in result.comments]
    if result.reason:
        words.append(f"reason={quoted(clean(result.reason, utf8=utf8))}")
    for one in result.properties:
        if one.value:  # an empty one says nothing, and readers take what comes next for it
            what = f"{_keyword(one.type)}.{_keyword(one.name)}"
            words.append(f"{what}={bare(clean(one.value, utf8=utf8))}")
    return words


def clean(text: str, *, utf8: bool = False) -> str:
    """`text` as a field can carry it: nothing hidden, not too long, and ASCII unless `utf8`.

    A domain, or what follows an @, becomes A-labels; what else is not ASCII is shown by its code.
    """
    shown = visible(text[:LONGEST])[:LONGEST]
    if utf8 or shown.isascii():
        return shown
    local, at, domain = shown.rpartition("@")
    shown = local + at + _a_labels(domain)
    return shown.encode("ascii", "backslashreplace").decode("ascii")[:LONGEST]


def bare(value: str) -> str:
    """`value` as it is where it can stand so, else in quotes."""
    return value if _BARE.fullmatch(value) else quoted(value)


def quoted(value: str) -> str:
    """`value`, without anything hidden, as a quoted string (RFC 5322 §3.2.4)."""
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _comment(text: str, utf8: bool) -> str:
    return re.sub(r"([()\\])", r"\\\1", clean(text, utf8=utf8))


def _a_labels(domain: str) -> str:
    try:
        return to_ascii(domain) if re.fullmatch(r"[\w.-]+", domain) else domain
    except UnicodeError:
        return domain


def _keyword(text: str) -> str:
    if not _KEYWORD.fullmatch(text):
        raise RecordError("letters, digits and inner hyphens make a keyword", text, (0, len(text)))
    return text
