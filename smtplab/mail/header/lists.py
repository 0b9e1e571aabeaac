"""Fields for mailing lists and for programs that answer (RFC 2369, RFC 2919, RFC 8058, RFC 3834).

How does one get off this list, and did a person write this? The answers are the sender's claims, and a URL
in a header field is no safer than one in the body: nothing is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import RecordError
from ..verdict import Step
from .field import Field, first, named
from .lexical import bare, tokens
from .words import decoded

_URL = re.compile(r"<([^<>]*+)>")
_KEYWORD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]++")


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """How to leave a list. `urls` are as written, in order of the sender's preference.

    `one_click` is True when List-Unsubscribe-Post promises that a POST to the https URL is enough
    (RFC 8058 §3.1), which holds only under a DKIM signature that covers both fields.
    """

    urls: tuple[str, ...]
    one_click: bool


def urls(value: str) -> tuple[str, ...]:
    """The URLs of a List-Help, -Subscribe, -Unsubscribe, -Post, -Owner or -Archive field (RFC 2369 §2)."""
    return tuple("".join(found.split()) for found in _URL.findall(value))


def unsubscribe(fields: Iterable[Field]) -> Unsubscribe:
    """What the List-Unsubscribe fields offer."""
    known = tuple(fields)
    found = urls(first(known, "List-Unsubscribe"))
    promise = "".join(first(known, "List-Unsubscribe-Post").split()).lower()
    https = any(url.lower().startswith("https:") for url in found)
    return Unsubscribe(found, https and promise == "list-unsubscribe=one-click")


def list_id(value: str) -> tuple[str, str]:
    """The description, decoded, and the identifier of a List-Id (RFC 2919 §2). Raises RecordError."""
    found = [*_URL.finditer(value)]
    if not found or not found[-1][1].strip():
        raise RecordError("a list's identifier stands in angle brackets", value, (0, len(value)))
    description = " ".join(token.text for token in tokens(value[: found[-1].start()]))
    return decoded(description), "".join(found[-1][1].split())


def auto_submitted(value: str) -> str:
    """The keyword of Auto-Submitted, in lower case: no, auto-generated, auto-replied, or another.

    Raises RecordError (RFC 3834 §5).
    """
    keyword = bare(value).partition(";")[0].strip()
    if not _KEYWORD.fullmatch(keyword):
        raise RecordError("Auto-Submitted begins with a keyword such as auto-replied", value, (0, len(value)))
    return keyword.lower()


def explain_list(field: Field, fields: tuple[Field, ...]) -> tuple[Step, ...]:
    """Steps on a List-* field: what it offers, as text."""
    if field.key == "list-id":
        try:
            description, name = list_id(field.value)
        except RecordError as error:
            return (Step("syntax", error.message, "fail", "RFC 2919 §2"),)
        return (Step(name, f"The list calls itself {description or 'nothing else'}.", "claimed"),)
    if field.key == "list-unsubscribe-post":
        return (_one_click(fields),)
    if bare(field.value).upper() == "NO" and field.key == "list-post":
        return (Step("NO", "Nobody may post to this list.", "none", "RFC 2369 §3.4"),)
    return tuple(
        Step(url, "An address that the sender chose: look before you follow it.") for url in urls(field.value)
    )


def _one_click(fields: tuple[Field, ...]) -> Step:
    if unsubscribe(fields).one_click:
        why = "One POST to the https URL ends the subscription, if a valid DKIM signature covers both fields."
        return Step("one click", why, "claimed", "RFC 8058 §3.1")
    why = "It needs an https URL in List-Unsubscribe and the words List-Unsubscribe=One-Click: not so here."
    return Step("one click", why, "fail", "RFC 8058 §3.1")


def explain_auto(field: Field) -> tuple[Step, ...]:
    """Steps on Auto-Submitted: may a program answer this?"""
    try:
        keyword = auto_submitted(field.value)
    except RecordError as error:
        return (Step("syntax", error.message, "fail", "RFC 3834 §5"),)
    why = "A person sent it." if keyword == "no" else "A program sent it: no other program answers it."
    return (Step(keyword, why, "claimed", "RFC 3834 §5"),)


def from_a_list(fields: Iterable[Field]) -> bool:
    """Whether the message says that a mailing list sent it."""
    return bool(named(fields, "List-Id"))
