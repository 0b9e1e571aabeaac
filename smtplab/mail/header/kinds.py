"""Kinds: what each header field is, who writes it, and how often it may stand there.

One sentence for each field that mail carries, from RFC 5322 §3.6 and from the documents that added others.
The table is read by `reading`, and by anyone who wants to show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Writer = Literal["author", "submission", "host", "receiver", "last", "list", "filter", "signer", "anyone"]

# Who writes a field, as the end of a sentence that begins with what the field is.
WRITERS: dict[Writer, str] = {
    "author": "written by the author's mail program",
    "submission": "written by the author's mail program, or by the submission server when it is missing",
    "host": "written by each host that takes the message, on top of what is there",
    "receiver": "written by a host that receives the message",
    "last": "written by the host that makes the final delivery",
    "list": "written by a mailing list or by whoever sends in bulk",
    "filter": "written by a filter",
    "signer": "written by a host that signs the message",
    "anyone": "written by whoever likes: no standard defines it here",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field: `what` it is in half a sentence, and who writes it.

    `most` is how often it may stand in a message, 0 for any number; `least` is 1 for Date and From.
    """

    what: str
    writer: Writer
    most: int = 0
    ref: str = ""
    least: int = 0


def _table(*rows: tuple[str, Kind]) -> dict[str, Kind]:
    return {name.lower(): kind for names, kind in rows for name in names.split()}


_ADDRESSES = "RFC 5322 §3.6.3"
_RESENT = "RFC 5322 §3.6.6"

KINDS: dict[str, Kind] = _table(
    ("Date", Kind("When the author finished the message", "submission", 1, "RFC 5322 §3.6.1", 1)),
    ("From", Kind("Whom the message says it is from", "author", 1, "RFC 5322 §3.6.2", 1)),
    ("Sender", Kind("Who sent the message for the author", "author", 1, "RFC 5322 §3.6.2")),
    ("Reply-To", Kind("Where answers should go", "author", 1, "RFC 5322 §3.6.2")),
    ("To", Kind("For whom the author says it is; the envelope decides", "author", 1, _ADDRESSES)),
    ("Cc", Kind("Who is to know as well; the envelope decides", "author", 1, _ADDRESSES)),
    ("Bcc", Kind("Who gets it unseen by the others, so it should not be here", "author", 1, _ADDRESSES)),
    ("Message-ID", Kind("The name of this message", "submission", 1, "RFC 5322 §3.6.4")),
    ("In-Reply-To", Kind("The message that this one answers", "author", 1, "RFC 5322 §3.6.4")),
    ("References", Kind("The thread that this message belongs to", "author", 1, "RFC 5322 §3.6.4")),
    ("Subject", Kind("What the author calls it", "author", 1, "RFC 5322 §3.6.5")),
    ("Comments Keywords", Kind("The author's remarks", "author", 0, "RFC 5322 §3.6.5")),
    (
        "Resent-Date Resent-From Resent-Sender Resent-To Resent-Cc Resent-Bcc Resent-Message-ID",
        Kind("Who sent the message on unchanged, by hand", "author", 0, _RESENT),
    ),
    ("Received", Kind("One hop of the way: who handed the message to whom", "host", 0, "RFC 5321 §4.4")),
    ("Return-Path", Kind("The envelope's reverse-path, where bounces go", "last", 1, "RFC 5321 §4.4")),
    ("Delivered-To X-Original-To", Kind("For which mailbox it was delivered, custom", "last")),
    ("Received-SPF", Kind("What a receiver's SPF check said", "receiver", 0, "RFC 7208 §9.1")),
    ("Authentication-Results", Kind("What a receiver checked", "receiver", 0, "RFC 8601 §2.2")),
    ("DKIM-Signature", Kind("A domain's signature over fields and body", "signer", 0, "RFC 6376 §3.5")),
    (
        "ARC-Authentication-Results ARC-Message-Signature ARC-Seal",
        Kind("A part of an ARC set: what a host on the way saw", "signer", 0, "RFC 8617 §4.1"),
    ),
    ("MIME-Version", Kind("That the body is in MIME", "author", 1, "RFC 2045 §4")),
    ("Content-Type", Kind("What the body is", "author", 1, "RFC 2045 §5")),
    ("Content-Transfer-Encoding", Kind("How the body is coded for the way", "author", 1, "RFC 2045 §6")),
    ("Content-Disposition", Kind("How the body is to be shown", "author", 1, "RFC 2183 §2")),
    ("Content-ID Content-Description Content-Language", Kind("More about the body", "author", 1)),
    ("List-Id", Kind("Which mailing list it comes from", "list", 1, "RFC 2919 §2")),
    ("List-Help List-Subscribe List-Owner List-Archive", Kind("How to deal with the list", "list", 1)),
    ("List-Post", Kind("How to write to the list", "list", 1, "RFC 2369 §3.4")),
    ("List-Unsubscribe", Kind("How to leave the list", "list", 1, "RFC 2369 §3.2")),
    ("List-Unsubscribe-Post", Kind("That one POST is enough to leave", "list", 1, "RFC 8058 §3.1")),
    ("Precedence", Kind("An old custom, such as bulk: do not answer by program", "list")),
    ("Auto-Submitted", Kind("Whether a program wrote the message", "author", 1, "RFC 3834 §5")),
    ("Disposition-Notification-To", Kind("Who asks to be told that it was read", "author", 1, "RFC 8098")),
    ("TLS-Required", Kind("That TLS may be left out on the way", "author", 1, "RFC 8689")),
    (
        "X-Spam-Status X-Spam-Flag X-Spam-Score X-Spam-Level X-Spam-Report X-Spamd-Result",
        Kind("A spam filter's opinion", "filter", 0, "RFC 6648"),
    ),
    ("X-Originating-IP", Kind("From which address the author came, custom of some services", "anyone")),
    ("X-Mailer User-Agent", Kind("With which program it was written", "author")),
)

CUSTOM = Kind("A custom field, not standard", "anyone", 0, "RFC 6648")
OTHER = Kind("A field that is not known here", "anyone", 0, "RFC 5322 §3.6.8")


def kind(name: str) -> Kind:
    """The kind of field that has this name, in any case."""
    low = name.lower()
    return KINDS.get(low) or (CUSTOM if low.startswith("x-") else OTHER)
