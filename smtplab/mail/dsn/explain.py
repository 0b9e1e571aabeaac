"""Going through a bounce, part by part: what it says, to whom, and how far it is to be believed.

Answers: is this a DSN at all, who says what about which recipient, and what came back? A bounce that is no
DSN (qmail writes such, and many small programs) is told apart, because a program can then only guess.

Nothing proves that a DSN is true: anyone can write one about a message that was never sent (RFC 3464 §4.1).
"""

from __future__ import annotations

import re

from ..header.field import Field, Message, fields, first, named, split
from ..header.ident import message_id
from ..mime import Part
from ..verdict import Step, Verdict
from .fields import MESSAGE, RECIPIENT, explain_block, short
from .reading import Parts, fate, take_apart
from .record import ACTIONS

SHOWN = 50  # recipients that are gone through; the rest is counted
PARAGRAPHS = 12  # of the part for people

_NAMED = re.compile(r"<([^<>\s]{1,255}@[^<>\s@]{1,255})>")
_QMAIL = re.compile(r"^Hi\. This is the\b.*\bqmail", re.MULTILINE)

# report-type -> what it is (RFC 6522 §3 leaves the list to IANA)
_OTHER_REPORTS = {
    "disposition-notification": ("a note that a message was displayed or deleted", "RFC 8098"),
    "feedback-report": ("a complaint, such as a reader's press on the spam button", ""),
}


def explain_bounce(message: Message) -> Verdict:
    """A bounce, part by part, as steps. The result is the worst action in it, or "none" for no DSN.

    `message` may be a delivered Mail, bytes or text. Never raises, whatever a stranger wrote.
    """
    found = take_apart(message)
    steps = [_envelope(found.fields), *_header(found)]
    if not found.blocks:
        return Verdict("none", "bounce", "is this a DSN, and what does it say?", (*steps, *_no_dsn(found)))
    recipients = [block for block in found.blocks[1:] if block]
    actions = [fate(block).action for block in recipients]
    steps += [_text(found), _status(found, recipients), _returned(found.returned)]
    result = min(actions, key=ACTIONS.index) if actions else "none"
    counted = "1 recipient" if len(recipients) == 1 else f"{len(recipients)} recipients"
    return Verdict(result, "bounce", f"what does this DSN say about {counted}?", tuple(steps))


def _envelope(known: tuple[Field, ...]) -> Step:
    path = short(first(known, "Return-Path"))
    if not path:
        why = "It is not there, so the envelope is not known. Final delivery writes it."
        return Step("Return-Path", why, "", "RFC 5321 §4.4")
    if path == "<>":
        why = "It came from the null reverse-path, so nobody sends a DSN about this one: no loop."
        return Step(f"Return-Path: {path}", why, "pass", "RFC 3461 §6.1")
    why = "A DSN comes from the null reverse-path. If this one fails, another may come back about it."
    return Step(f"Return-Path: {path}", why, "fail", "RFC 3461 §6.1")


def _header(found: Parts) -> list[Step]:
    wrote, reads = (short(first(found.fields, name)) for name in ("From", "To"))
    steps = (
        [Step(f"From: {wrote}", "The program that wrote it; a claim.", "", "RFC 3464 §2")] if wrote else []
    )
    if reads:
        why = "It goes to the reverse-path of the message that it is about, not to that message's From."
        steps.append(Step(f"To: {reads}", why, "", "RFC 3464 §2"))
    for field in named(found.fields, "Auto-Submitted")[:1]:
        good = field.value.lower().startswith("auto-replied")
        why = "It answers a message by itself, so no other program answers it."
        why = why if good else f"{why} For a DSN the word is auto-replied."
        steps.append(Step(f"Auto-Submitted: {short(field.value)}", why, "", "RFC 3834 §5.2"))
    kind = f"Content-Type: {found.kind or 'text/plain'}; report-type={short(found.report_type) or 'none'}"
    if found.kind == "multipart/report" and found.report_type == "delivery-status":
        steps.append(Step(kind, "A report on delivery, in three parts.", "pass", "RFC 6522 §3"))
    elif found.blocks:
        why = "A DSN is multipart/report with report-type=delivery-status. Its part is there all the same."
        steps.append(Step(kind, why, "fail", "RFC 3464 §2"))
    return steps


def _text(found: Parts) -> Step:
    if not found.texts:
        return Step("for people", "The part in plain words is missing.", "fail", "RFC 6522 §3")
    paragraphs = [" ".join(piece.split()) for piece in found.texts[0].text.split("\n\n")]
    why = "The first part, in plain words. No program needs to understand it."
    inside = tuple(Step("says", short(each)) for each in paragraphs[:PARAGRAPHS] if each)
    return Step("for people", why, "", "RFC 6522 §3", inside)


def _status(found: Parts, recipients: list[tuple[Field, ...]]) -> Step:
    blocks = [Step("the message", "Fields for the whole message come first.", "", "RFC 3464 §2.2",
                   explain_block(found.blocks[0], MESSAGE))]  # fmt: skip
    for block in recipients[:SHOWN]:
        about = fate(block)
        why = f"{about.action}, status {about.status}."
        inside = explain_block(block, RECIPIENT)
        blocks.append(
            Step(short(about.recipient) or "a recipient", why, about.action, "RFC 3464 §2.3", inside)
        )
    if len(recipients) > SHOWN:
        blocks.append(
            Step("more", f"There are {len(recipients) - SHOWN} more recipients.", "", "RFC 3464 §2.3")
        )
    if not recipients:
        blocks.append(Step("recipients", "A DSN is about one at least.", "fail", "RFC 3464 §2.3"))
    assert found.status
    why = "The second part, for programs: fields, an empty line between the groups."
    return Step(found.status.type, why, "", "RFC 3464 §2.1", tuple(blocks))


def _returned(part: Part | None) -> Step:
    if part is None:
        why = "Nothing of the message came back. The sender has to remember what it was."
        return Step("the message", why, "", "RFC 6522 §3")
    header = split(part.data)[0]
    known = fields(header)
    inside = tuple(
        Step(short(f"{name}: {value}"), why)
        for name, value, why in (
            ("Message-ID", message_id(header), "With it the sender finds which message this was."),
            ("Subject", first(known, "Subject"), "What it was about."),
        )
        if value
    )
    whole = part.type in ("message/rfc822", "message/global")
    why = "The whole message came back." if whole else "The header section came back, not the body."
    return Step(part.type, f"{why} RET in MAIL asks for one or the other.", "", "RFC 3461 §6.2", inside)


def _no_dsn(found: Parts) -> list[Step]:
    """What kind of message it is instead, and what a program would have to guess."""
    if other := _OTHER_REPORTS.get(found.report_type):
        return [Step(f"report-type={found.report_type}", f"Not a DSN: {other[0]}.", "none", other[1])]
    text = found.texts[0].text if found.texts else ""
    why = "Not a DSN: there is no part message/delivery-status, so it was written for people alone."
    steps = [Step("message/delivery-status", why, "none", "RFC 3464 §2")]
    if _QMAIL.search(text):
        why = "These are the words that qmail begins a bounce with. Its form is older than DSNs."
        steps.append(Step("qmail", why, "claimed"))
    steps += [
        Step(address, "It stands in the text. That it is the recipient who failed is a guess.", "claimed")
        for address in list(dict.fromkeys(_NAMED.findall(text)))[:SHOWN]
    ]
    return steps
