"""The explanation of a reply, step by step: digits, enhanced code, place, words, uses, and whose turn it is.

`examine` makes the record that the widget draws; `explain` gives its Verdict. Both read what people paste, by
`pasted`. The result is that of the first digit, which alone decides what a client does (RFC 5321 §4.2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..codes import CLASS, CODES, enhanced
from ..errors import RecordError
from ..status import SUBJECTS
from ..verdict import Step, Verdict
from .context import SECOND, at
from .failures import Failure, Wording, elsewhere, known
from .pasted import PASTE, Pasted, find
from .stages import stage
from .turns import Turn, advice, too_many, turns
from .uses import RELATIONS, Use, collide, uses

RESULTS = {"2": "accepted", "3": "intermediate", "4": "delayed", "5": "refused"}
SHORT = {
    "accepted": "It went well.",
    "intermediate": "So far so good: the server waits for the rest.",
    "delayed": "Not now, perhaps later.",
    "refused": "No, and the same again gets the same no.",
    "failed": "The client side has given up.",
    "none": "The words alone do not say whether it is temporary or permanent.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A reply explained. `failures` are what its words (or else its number) speak of, the likeliest first."""

    found: Pasted
    result: str
    failures: tuple[Failure, ...]
    uses: tuple[Use, ...]
    turns: tuple[Turn, ...]
    advice: str
    steps: tuple[Step, ...]

    @property
    def verdict(self) -> Verdict:
        """The explanation as a verdict."""
        return Verdict(self.result, "reply desk", f"what does {self.name} mean?", self.steps)

    @property
    def name(self) -> str:
        """The reply in short, "550 5.1.1"; without numbers what it speaks of."""
        number = f"{self.found.code or ''} {self.found.enhanced}".strip()
        return number or (self.failures[0].name if self.failures else self.found.fate)

    @property
    def summary(self) -> str:
        """In two sentences at most: temporary or permanent, and what it speaks of."""
        cause = f" {self.failures[0].meaning}" if self.failures and self.result in _NO else ""
        return SHORT[self.result] + cause

    @property
    def elsewhere(self) -> tuple[Wording, ...]:
        """How the receivers word the likeliest failure."""
        return elsewhere(self.failures[0]) if self.failures and self.result in _NO else ()

    @property
    def collides(self) -> bool:
        """Whether the enhanced code means different things to different receivers."""
        return collide(self.uses)


_NO = ("delayed", "refused", "failed", "none")


def explain(text: str, *, verb: str = "") -> Verdict:
    """What a reply means: class, digits, enhanced code, words, who acts, what to do, and who uses it how.

    `text` is what people paste: a code, a reply of one or more lines, a log line, a bounce. `verb` says what
    the reply answered ("RCPT", "." for the end of data, "connect"), where the text does not. The result is
    "accepted", "intermediate", "delayed", "refused", "failed" (the queue gave up) or "none" (words alone).
    Raises RecordError for text without a reply. RFC 5321 §4.2, RFC 3463 §2.
    """
    return examine(text, verb=verb).verdict


def examine(text: str, *, verb: str = "") -> Explained:
    """As `explain`, with the parts of the reply and all that was found. Raises RecordError."""
    asked = stage(verb)
    found = find(text)
    found = replace(found, verb=asked or found.verb)
    number = found.enhanced or found.noted
    klass = str(found.code)[:1] if found.code else number[:1]
    used = uses(number)
    failures = known(found.words, klass, "" if collide(used) else number[2:])
    if not klass and not found.fate and not any(" " in _matched(each, found.words) for each in failures):
        raise RecordError(f"no reply stands in this: {PASTE}", text, (0, len(text)))
    result = _result(found, klass, number, failures)
    turn, todo = turns(result, found, failures), advice(result, found, failures, collide(used))
    made = Explained(found, result, failures, used, turn, todo, ())
    return replace(made, steps=tuple(_steps(made, number)))


def _matched(failure: Failure, words: str) -> str:
    found = failure.pattern.search(words)
    return found[0] if found else ""


def _result(found: Pasted, klass: str, number: str, failures: tuple[Failure, ...]) -> str:
    if too_many(found, failures):
        return "delayed"
    expired = number == "4.4.7" and found.fate != "deferred"
    if expired or (found.fate == "bounced" and klass in ("4", "")):
        return "failed"
    if not klass:
        return {"deferred": "delayed", "sent": "accepted"}.get(found.fate, "none")
    if not found.code and klass == "5":
        return "refused"
    return RESULTS[klass]


# The steps ------------------------------------------------------------------------------------------------


def _steps(made: Explained, number: str) -> Iterator[Step]:
    found = made.found
    if found.code:
        yield from _code(found, made.result)
    else:
        yield Step("no reply code", _no_code(found), "", "RFC 5321 §4.2")
    if number:
        yield _enhanced(number, found)
        yield from _disagree(found)
    if said := at(found.code, found.verb):
        yield Step(said[0], said[1], "", said[2])
    yield from _fate(made)
    if found.words:
        yield _words(made)
    if made.uses:
        yield _used(made, number)
    for place, turn in enumerate(made.turns):
        yield Step("then" if place else "whose turn", f"{turn.who}: {turn.what}", "", turn.ref)
    yield Step("what to do", made.advice, "", made.failures[0].ref if made.failures else "RFC 5321 §4.2.1")


def _code(found: Pasted, result: str) -> Iterator[Step]:
    code = str(found.code)
    first = CLASS[found.code // 100]
    name, about = SECOND.get(code[1], ("not defined", "RFC 5321 has no such second digit"))
    entry = CODES.get(found.code)
    meaning = f"{entry.name}. {entry.meaning}" if entry else "not registered: the first digit alone counts."
    yield Step(
        f"{code[0]}yz", f"{first.name}. {first.meaning}", RESULTS[code[0]], "RFC 5321 §4.2.1",
        (Step(f"x{code[1]}z", f"{name}: {about}", "", "RFC 5321 §4.2.1"),),
    )  # fmt: skip
    yield Step(code, meaning, result, entry.ref if entry else "RFC 5321 §4.2")


def _no_code(found: Pasted) -> str:
    if found.enhanced:
        return "an enhanced code alone, as a DSN or a page about bounces has it: its class counts"
    return "no server said this: the client's side did, about a connection or about its own queue"


def _enhanced(number: str, found: Pasted) -> Step:
    entry = enhanced(number)
    assert entry is not None  # only well-formed ones are found
    klass, subject, _ = number.split(".")
    about = SUBJECTS.get(subject)
    inside = (
        Step(f"{klass}.y.z", f"class: {_class(klass)}", "", "RFC 3463 §2"),
        Step(f"x.{subject}.z", f"subject: {about.name}. {about.meaning}" if about else "subject: unknown", "",
             about.ref if about else "RFC 3463 §2"),
    )  # fmt: skip
    by = " The client's side noted it; the reply itself has none." if not found.enhanced else ""
    return Step(number, f"{entry.name}. {entry.meaning}{by}", "", entry.ref, inside)


def _class(klass: str) -> str:
    return {"2": "success", "4": "for now: it may work later", "5": "for good"}[klass]


def _disagree(found: Pasted) -> Iterator[Step]:
    """A reply whose two numbers are of different classes."""
    if found.code and found.enhanced and found.enhanced[0] != str(found.code)[0]:
        why = f"the two disagree, and must not: the client goes by {found.code}, the first digit of the reply"
        yield Step(f"{found.code} {found.enhanced}", why, "", "RFC 2034 §4")


def _fate(made: Explained) -> Iterator[Step]:
    found = made.found
    if found.server:
        why = "the log of the server that refused: the client got this reply, and it is the client's turn"
        yield Step("reject", why, "", "RFC 5321 §4.2.5")
    if found.fate == "deferred" and str(found.code)[:1] == "5":
        why = "the client keeps the message although the reply is permanent: its own rule"
        yield Step("deferred", why, "", "RFC 5321 §4.2.1")
    elif found.fate:
        told = {
            "bounced": (
                "bounced",
                "the client side has given up, and owes the sender a DSN",
                "RFC 5321 §4.2.5",
            ),
            "deferred": ("deferred", "the message is still in the client's queue", "RFC 5321 §4.5.4.1"),
            "sent": ("sent", "the next server took the message", "RFC 5321 §4.2.5"),
        }
        what, why, ref = told[found.fate]
        yield Step(what, why, "", ref)


def _words(made: Explained) -> Step:
    inside = tuple(Step(each.name, each.meaning, "", each.ref) for each in made.failures)
    named = any(each.pattern.search(made.found.words) for each in made.failures)
    why = "they name the cause" if named else "they name no cause that is known here"
    words = made.found.words
    return Step(words[:400] + "…" * (len(words) > 400), why, "", "RFC 5321 §4.2", inside if named else ())


def _used(made: Explained, number: str) -> Step:
    why = "this number collides: read the words after it" if made.collides else "who uses the number for what"
    inside = tuple(
        Step(
            f"{use.who}{' (reported)' if use.reported else ''}",
            f"{RELATIONS[use.relation][0]} {use.meaning} ({RELATIONS[use.relation][1]})",
        )
        for use in made.uses
    )
    return Step(number, why, "", "RFC 5248", inside)
