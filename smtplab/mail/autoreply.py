"""Answers that a program writes, such as "I am away" (RFC 3834): may this message be answered, and how?

`may_answer` says so with its reasons, one Step for each; `write` makes the answer. Two programs that answer
each other go on until somebody stops them, so the rules are there to make one of the two keep silent.

It remembers nothing: whom it has answered lately is for the caller (`lab/autoreply`). It answers for a
person, not for a service such as a list manager, whose answers were asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from .dsn.writing import block, seven_bit
from .errors import RecordError
from .header.address import mailboxes
from .header.field import Field, fields, first, named, split
from .header.lists import auto_submitted
from .path import Path
from .verdict import Step, Verdict

AGAIN_AFTER = timedelta(days=7)  # RFC 3834 §2: the default that it recommends
ADDRESSED = ("To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")
BULK = ("bulk", "list", "junk")
MOST_OF_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Before:
    """When the same sender was answered last, and the time now."""

    answered: datetime | None
    now: datetime


def may_answer(message: bytes, *, reverse_path: Path, own: Collection[str], before: Before) -> Verdict:
    """Whether a program may answer `message`, which came with this reverse-path to one of `own`, addresses.

    The result is "accepted" or "refused"; every rule has a step, also those that let it pass. Never raises.
    """
    known = fields(split(message)[0])
    steps = (
        _path(reverse_path),
        _auto(known),
        _list(known),
        _precedence(known),
        _named(known, own),
        _lately(reverse_path, before),
    )
    result = "refused" if any(step.result == "refused" for step in steps) else "accepted"
    return Verdict(result, "autoreply", "may a program answer this message?", steps)


def write(
    message: bytes, *, author: str, to: Path, text: str, when: datetime, token: str, careful: bool = True
) -> bytes:
    """The answer to `message`: from `author` to `to`, with CRLF line ends.

    A careful answer says what it is in Auto-Submitted (RFC 3834 §3.1.7); a careless one looks like any
    letter. The subject is repeated, its length limited; of the rest of the message nothing is.
    """
    known = fields(split(message)[0])
    subject = seven_bit(first(known, "Subject"))[:MOST_OF_SUBJECT]
    about = seven_bit(first(known, "Message-ID"))
    body = "".join(f"{line}\r\n" for line in text.splitlines())
    plain = body.isascii()
    header = block(
        ("From", f"<{author}>"),
        ("To", str(to)),
        ("Subject", f"Auto: {subject}" if careful else f"Re: {subject}"),
        ("Date", format_datetime(when)),
        ("Message-ID", f"<{when:%Y%m%d%H%M%S}.{token}@{author.rpartition('@')[2]}>"),
        ("In-Reply-To", about),
        ("References", about),
        ("Auto-Submitted", "auto-replied" if careful else ""),
        ("MIME-Version", "1.0"),
        ("Content-Type", f"text/plain; charset={'us-ascii' if plain else 'utf-8'}"),
        ("Content-Transfer-Encoding", "7bit" if plain else "8bit"),
    )
    return header + body.encode("utf-8", "replace")


def _path(path: Path) -> Step:
    if path.is_null:
        why = "There is nowhere to send an answer: a DSN, or another answer, came from the null reverse-path."
        return Step("Return-Path: <>", why, "refused", "RFC 3834 §2")
    local = path.local.lower()
    if local == "mailer-daemon" or local.startswith("owner-") or local.endswith("-request"):
        why = "Programs send from such addresses: MAILER-DAEMON, owner-…, …-request."
        return Step(f"Return-Path: {path}", why, "refused", "RFC 3834 §2")
    why = "The answer goes there, whatever From and Reply-To say."
    return Step(f"Return-Path: {path}", why, "pass", "RFC 3834 §4")


def _auto(known: tuple[Field, ...]) -> Step:
    found = named(known, "Auto-Submitted")
    if not found:
        return Step("Auto-Submitted", "It is not there: a person may have written it.", "pass", "RFC 3834 §2")
    try:
        keyword = auto_submitted(found[0].value)
    except RecordError:
        keyword = "something that cannot be read"
    if keyword == "no" and len(found) == 1:
        return Step("Auto-Submitted: no", "A person wrote it, it says.", "pass", "RFC 3834 §2")
    why = "A program wrote it. If this one answered, the two might never stop."
    return Step(f"Auto-Submitted: {keyword}", why, "refused", "RFC 3834 §2")


def _list(known: tuple[Field, ...]) -> Step:
    found = [field.name for field in known if field.key.startswith("list-")]
    if found:
        why = "It came over a mailing list, whose members need no news of one of them."
        return Step(found[0], why, "refused", "RFC 3834 §2")
    return Step("List-*", "There is no such field: no mailing list.", "pass", "RFC 3834 §2")


def _precedence(known: tuple[Field, ...]) -> Step:
    value = first(known, "Precedence").lower()
    if value in BULK:
        why = "No standard defines the field, but it says that many got this message."
        return Step(f"Precedence: {value}", why, "refused", "RFC 3834 §2")
    return Step("Precedence", "It does not say that this went to many.", "pass", "RFC 3834 §2")


def _named(known: tuple[Field, ...], own: Collection[str]) -> Step:
    wanted = {address.lower() for address in own}
    if hits := [address for address in _addressees(known) if address.lower() in wanted]:
        return Step(hits[0], "To or Cc names the recipient: it was meant for them.", "pass", "RFC 3834 §2")
    why = "Neither To nor Cc names the recipient: a list, a Bcc, or mail for many."
    return Step("To, Cc", why, "refused", "RFC 3834 §2")


def _addressees(known: tuple[Field, ...]) -> Iterator[str]:
    for field in named(known, *ADDRESSED):
        yield from (mailbox.address for mailbox in mailboxes(field.value))


def _lately(path: Path, before: Before) -> Step:
    if before.answered and before.now < before.answered + AGAIN_AFTER:
        why = f"They got the same answer on {before.answered:%d %b %Y}. Once in seven days is enough."
        return Step(f"answered {path}", why, "refused", "RFC 3834 §2")
    return Step(f"answered {path}", "Not in the last seven days.", "pass", "RFC 3834 §2")
