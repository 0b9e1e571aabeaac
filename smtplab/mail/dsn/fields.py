"""What each field of a DSN's machine part means, and where it is defined (RFC 3464 §2.2, §2.3).

A table and the steps made from it. A field that is not in the table is an extension (RFC 3464 §2.4).
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import codes
from ..header.field import Field, first
from ..verdict import Step
from .reading import date, mailbox, typed
from .record import ACTIONS


@dataclass(frozen=True, slots=True)
class Kind:
    """A field: its name, what it tells, its section, and whether a DSN must have it."""

    name: str
    tells: str
    ref: str
    required: bool = False


MESSAGE: tuple[Kind, ...] = (
    Kind(
        "Original-Envelope-Id",
        "The sender's own name for the transaction, from ENVID in MAIL.",
        "RFC 3464 §2.2.1",
    ),
    Kind("Reporting-MTA", "The server that tried, and that reports.", "RFC 3464 §2.2.2", required=True),
    Kind("DSN-Gateway", "It made this report from one in another format.", "RFC 3464 §2.2.3"),
    Kind("Received-From-MTA", "From here the reporting server had the message.", "RFC 3464 §2.2.4"),
    Kind("Arrival-Date", "When the message came to the reporting server.", "RFC 3464 §2.2.5"),
)

RECIPIENT: tuple[Kind, ...] = (
    Kind("Original-Recipient", "The address that the sender wrote, from ORCPT in RCPT.", "RFC 3464 §2.3.1"),
    Kind(
        "Final-Recipient",
        "The address that the reporting server had; aliases may lie between.",
        "RFC 3464 §2.3.2",
        required=True,
    ),
    Kind("Action", "", "RFC 3464 §2.3.3", required=True),
    Kind("Status", "", "RFC 3464 §2.3.4", required=True),
    Kind("Remote-MTA", "The server on the other side, which gave the diagnostic.", "RFC 3464 §2.3.5"),
    Kind("Diagnostic-Code", "", "RFC 3464 §2.3.6"),
    Kind("Last-Attempt-Date", "When it was tried last.", "RFC 3464 §2.3.7"),
    Kind("Final-Log-Id", "Under this name the other side has it in its log.", "RFC 3464 §2.3.8"),
    Kind("Will-Retry-Until", "The reporting server gives up then.", "RFC 3464 §2.3.9"),
)

MOST_FIELDS = 100  # of one group that are gone through
MOST = 500  # characters of a field that a step repeats

ACTION_MEANS = {
    "failed": "It was not delivered, and nobody tries any more.",
    "delayed": "It was not delivered yet, and the reporting server goes on trying.",
    "delivered": "It is in the mailbox; that says nothing of a reader.",
    "relayed": "It went on to a host that offers no DSN: no more news will come.",
    "expanded": "It went to several addresses that this one stands for: more news may come from each.",
}


def explain_block(block: tuple[Field, ...], kinds: tuple[Kind, ...]) -> tuple[Step, ...]:
    """A Step for each field of `block` in its order, then one for each that is missing and must be there."""
    known = {kind.name.lower(): kind for kind in kinds}
    steps = [_field(field, known.get(field.key), block) for field in block[:MOST_FIELDS]]
    if len(block) > MOST_FIELDS:
        steps.append(Step("more", f"There are {len(block) - MOST_FIELDS} more fields.", "", "RFC 3464 §2.4"))
    present = {field.key for field in block}
    steps += [
        Step(kind.name, f"It is missing. {kind.tells}".strip(), "fail", kind.ref)
        for kind in kinds
        if kind.required and kind.name.lower() not in present
    ]
    return tuple(steps)


def short(text: str) -> str:
    """`text` in at most MOST characters, with a sign where something was left out."""
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def _field(field: Field, kind: Kind | None, block: tuple[Field, ...]) -> Step:
    what = short(f"{field.name}: {field.value}" if field.is_read else field.body.strip())
    if not field.is_read:
        return Step(what, "This line is no field.", "fail", "RFC 3464 §2.1")
    if kind is None:
        return Step(what, "An extension, which other programs pass over.", "", "RFC 3464 §2.4")
    match kind.name:
        case "Action":
            return _action(what, field.value)
        case "Status":
            return _status(what, field.value, first(block, "Action").lower())
        case "Diagnostic-Code":
            return Step(what, _diagnostic(field.value), "", kind.ref)
        case "Original-Recipient" | "Final-Recipient" if typed(field.value)[0] == "utf-8":
            why = f"{kind.tells} It is beyond ASCII: {short(mailbox(field.value))}"
            return Step(what, why, "", "RFC 6533 §3")
        case name if name.endswith(("-Date", "-Until")) and date(field.value) is None:
            return Step(what, "No date that can be read.", "fail", kind.ref)
    return Step(what, kind.tells, "", kind.ref)


def _action(what: str, value: str) -> Step:
    word = value.lower()
    if word in ACTIONS:
        return Step(what, ACTION_MEANS[word], word, "RFC 3464 §2.3.3")
    why = f"No action that is known. There are: {', '.join(sorted(ACTIONS))}."
    return Step(what, why, "fail", "RFC 3464 §2.3.3")


def _status(what: str, value: str, action: str) -> Step:
    words = value.split("(", 1)[0].split()  # a comment may follow
    known = codes.enhanced(words[0]) if words else None
    if not known:
        return Step(what, "A status is three numbers, such as 5.1.1.", "fail", "RFC 3464 §2.3.4")
    why = f"{known.name}: {known.meaning}"
    if action == "failed" and known.code.startswith("4"):
        why += " The class is 4, for later, but the time was up: what failed is the waiting."
    ref = known.ref if known.ref.startswith("RFC 3463") else "RFC 3464 §2.3.4"
    return Step(what, why, "", ref)


def _diagnostic(value: str) -> str:
    kind, _ = typed(value)
    if kind == "smtp":
        return "The reply of the other side, word for word: the best evidence here."
    kind = short(kind) or "nobody named"
    return f"The reporting server's own words, of the type {kind}: no reply from outside."
