"""How a verification says what it looked at: the steps that take no decision of their own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

from smtplab.mail.route import Answer, Question
from smtplab.mail.text import decode
from smtplab.mail.verdict import Step

from .message import BodyHash
from .signature import Signature

SHOWN = 40  # fields, tags or values that are listed; more are counted
SHOWN_TEXT = 200  # characters of one of them

_WORDS = {
    "no data": ("the name is there, without such a record", "none"),
    "no such name": ("there is no such name", "none"),
    "no answer": ("no answer", "temperror"),
}
_TAGS = {
    "v": ("the version", "RFC 6376 §3.5"),
    "a": ("how it was signed", "RFC 6376 §3.3"),
    "b": ("the signature itself", "RFC 6376 §3.5"),
    "bh": ("the hash of the body", "RFC 6376 §3.5"),
    "c": ("the canonical forms of header and body", "RFC 6376 §3.4"),
    "d": ("who signed", "RFC 6376 §3.5"),
    "h": ("the fields that are signed", "RFC 6376 §5.4"),
    "i": ("for whom it was signed", "RFC 6376 §3.5"),
    "l": ("how many octets of the body are signed", "RFC 6376 §8.2"),
    "q": ("how to ask for the key", "RFC 6376 §3.5"),
    "s": ("which of the domain's keys", "RFC 6376 §3.1"),
    "t": ("when it was signed", "RFC 6376 §3.5"),
    "x": ("when it stops to count", "RFC 6376 §3.5"),
    "z": ("copies of fields as the signer saw them, for diagnosis alone", "RFC 6376 §3.5"),
}


def cut(text: str, most: int = SHOWN_TEXT) -> str:
    """`text`, cut off where it gets too long to read."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")


def shown(question: Question, answer: Answer) -> Step:
    """A question to the DNS and its answer, as a step."""
    what = f"{question.name} {question.rdtype}"
    if answer.status != "found":
        why, result = _WORDS[answer.status]
        return Step(what, f"{why}; {answer.note}" if answer.note else why, result)
    more = f" and {len(answer.values) - SHOWN} more" if len(answer.values) > SHOWN else ""
    return Step(what, ", ".join(cut(value) for value in answer.values[:SHOWN]) + more, "known")


def read(signature: Signature) -> Step:
    """The field was read: its tags, each with what it is for."""
    tags = list(signature.tags.items())
    inside = [_tag(name, tag.packed) for name, tag in tags[:SHOWN]]
    if len(tags) > SHOWN:
        inside.append(Step("more tags", f"{len(tags) - SHOWN} of them, not shown"))
    why = (
        f"{signature.domain} says that it signed, with its key {signature.selector}; every tag is well-formed"
    )
    return Step("DKIM-Signature", cut(why), "pass", "RFC 6376 §6.1.1", tuple(inside))


def _tag(name: str, value: str) -> Step:
    why, ref = _TAGS.get(name, ("an unknown tag: it means nothing", "RFC 6376 §3.2"))
    return Step(cut(f"{name}={value}", 80), why, "", ref)


def fields(names: Iterable[str], covered: list[bytes | None]) -> tuple[Step, ...]:
    """What each name in h= covers in this message, in the order in which it is hashed."""
    found: list[Step] = []
    for name, field in zip(names, covered, strict=True):
        if len(found) == SHOWN:
            found.append(Step("more names", f"{len(covered) - SHOWN} of them, not shown"))
            break
        why = decode(field.partition(b":")[2][: 4 * SHOWN_TEXT]).strip() if field else _NOT_THERE
        found.append(Step(cut(name, 80), cut(why, 80), "", "RFC 6376 §5.4.2"))
    return tuple(found)


_NOT_THERE = "not there, or not once more: that there is none is signed too"


def body_sizes(found: BodyHash, form: str, length: int | None) -> tuple[Step, ...]:
    """How much of the body is hashed, and how much is not."""
    ref = "RFC 6376 §3.4.3" if form == "simple" else "RFC 6376 §3.4.4"
    steps = [Step(f"the {form} form", f"{found.size} octets", "", ref)]
    if length is not None and length < found.size:
        why = f"{found.size - length} octets come after the {length} that are signed: anybody may write them"
        steps.append(Step(f"behind l={length}", why, "policy", "RFC 6376 §8.2"))
    elif length is not None and length > found.size:
        why = f"it says more octets than there are, and there are {found.size}: the end is missing"
        steps.append(Step(f"l={length}", why, "fail", "RFC 6376 §3.5"))
    return tuple(steps)
