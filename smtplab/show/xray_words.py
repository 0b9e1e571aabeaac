"""What a cell of the envelope x-ray means: why it is there, or why it is not, by kind of place.

One sentence or two for each row and kind of stop, with its source. Nothing here looks at a message.
"""

from __future__ import annotations

from ..mail.letter import Kind

Mark = str  # "added", "removed", "changed", "same", "none", "sealed", "first", "leak"
Text = tuple[str, str]  # what it means, and the source ("" where none is needed)

MAIL, RCPT, BODY, SEEN = "MAIL FROM", "RCPT TO", "body", "recipients"

PLACES: dict[Kind, Text] = {
    "program": (
        "The author's mail program. It makes the envelope out of the header fields, says it in MAIL and "
        "RCPT, and takes Bcc out before it sends the message.",
        "RFC 5322 §3.6.3",
    ),
    "mta": (
        "A server on the way. It goes by the envelope alone, puts a Received field on top, and carries the "
        "message as it is.",
        "RFC 5321 §2.3.10",
    ),
    "wire": (
        "Whoever listens between two servers: in clear they read as much as the servers do, under TLS they "
        "see that something passes, between whom, and how much.",
        "RFC 3207 §6",
    ),
    "mailbox": (
        "What the recipient has. The envelope has done its work and is gone; one line of it is kept as "
        "Return-Path.",
        "RFC 5321 §4.4",
    ),
}

SEALED: Text = (
    "TLS was on before MAIL was said, so a listener gets neither the envelope nor the message.",
    "RFC 3207 §6",
)

# (row, kind of place, mark); "" stands for any kind or mark. The closest fit counts.
TEXTS: dict[tuple[str, str, str], Text] = {
    (MAIL, "program", ""): (
        "The reverse-path: where a bounce goes. Programs take it from the account or from From; SMTP asks "
        "for no such thing, so the two may differ.",
        "RFC 5321 §4.1.1.2",
    ),
    (MAIL, "mta", ""): (
        "The reverse-path, as MAIL said it. From this reply on the server owes that address a report if it "
        "cannot deliver. What From says counts for nothing here.",
        "RFC 5321 §6.1",
    ),
    (MAIL, "wire", ""): ("MAIL in clear: a listener learns where bounces go.", "RFC 5321 §4.1.1.2"),
    (MAIL, "mailbox", ""): (
        "There is no envelope in a mailbox. Its reverse-path was written down as Return-Path.",
        "RFC 5321 §4.4",
    ),
    (RCPT, "program", ""): (
        "The forward-paths, one RCPT for each: these get the message, and nobody else. To, Cc and Bcc decide "
        "nothing.",
        "RFC 5321 §4.1.1.3",
    ),
    (RCPT, "mta", ""): (
        "The recipients that this server has accepted, and for whom it must deliver or report. One copy goes "
        "to each next host, with those who are to be reached there.",
        "RFC 5321 §4.5.4.1",
    ),
    (RCPT, "mta", "removed"): (
        "Fewer than before: refused here, or another host's business.",
        "RFC 5321 §4.1.1.3",
    ),
    (RCPT, "wire", ""): (
        "RCPT in clear: a listener learns who gets the message, those in Bcc too.",
        "RFC 5321 §7.2",
    ),
    (RCPT, "mailbox", ""): (
        "Gone. Nothing in a mailbox says who else got a copy, and whoever was in Bcc finds their own address "
        "nowhere. Some servers keep it, in a field such as Delivered-To.",
        "RFC 5321 §7.2",
    ),
    ("Return-Path", "", "none"): (
        "None: a message on its way has no Return-Path, for the reverse-path is in the envelope.",
        "RFC 5321 §4.4",
    ),
    ("Return-Path", "mailbox", ""): (
        "Return-Path is written at final delivery, from the envelope: it is what MAIL said.",
        "RFC 5321 §4.4",
    ),
    ("Received", "program", ""): ("None yet: nobody has carried it.", "RFC 5321 §4.4"),
    ("Received", "mta", ""): (
        "Each server puts one on top and leaves the ones below alone. With several recipients it names none, "
        "so that none learns of the others.",
        "RFC 5321 §4.4, §7.2",
    ),
    ("Received", "", ""): ("The trace that the servers left, the newest on top.", "RFC 5321 §4.4"),
    ("Date", "mta", "added"): ("It was missing, so the submission server added it.", "RFC 6409 §8.2"),
    ("Date", "", ""): ("When the author was done, by the author's clock.", "RFC 5322 §3.6.1"),
    ("Date", "program", "none"): (
        "Left out. A message must have one, so somebody will have to add it.",
        "RFC 5322 §3.6.1",
    ),
    ("Message-ID", "mta", "added"): (
        "It was missing, so the submission server made one. A relay must not.",
        "RFC 6409 §8.3",
    ),
    ("Message-ID", "program", "none"): ("Left out. A message should have one.", "RFC 5322 §3.6.4"),
    ("Message-ID", "", ""): (
        "The message's own name, usually made by the author's program. No server on the way changes it.",
        "RFC 5322 §3.6.4",
    ),
    ("From", "", ""): (
        "Who is said to have written it. SMTP carries this line and looks at it nowhere; a bounce does not "
        "go here.",
        "RFC 5322 §3.6.2",
    ),
    ("To", "", ""): (
        "For people to read: whom it is addressed to. It decides nothing, RCPT does.",
        "RFC 5322 §3.6.3",
    ),
    ("Cc", "", ""): (
        "For people to read: who else is meant to see it. It decides nothing, RCPT does.",
        "RFC 5322 §3.6.3",
    ),
    ("Bcc", "program", ""): (
        "A note for the program alone: it makes RCPT of it, and takes it out before sending.",
        "RFC 5322 §3.6.3",
    ),
    ("Bcc", "mta", "removed"): (
        "The program has taken it out before it sent the message. No server on the way would do it.",
        "RFC 5322 §3.6.3",
    ),
    ("Bcc", "mta", ""): (
        "The program has left it in, and no server takes it out. Real programs had this bug.",
        "RFC 5322 §3.6.3",
    ),
    ("Bcc", "wire", ""): (
        "The program has left it in, so whoever listens reads it.",
        "RFC 5322 §3.6.3",
    ),
    ("Bcc", "mailbox", ""): (
        "The program has left it in: everyone who gets the message reads who was to stay hidden.",
        "RFC 5322 §3.6.3",
    ),
    ("Bcc", "", "none"): ("None, so nobody reads it here.", "RFC 5322 §3.6.3"),
    ("Subject", "", ""): ("Free text of the author's.", "RFC 5322 §3.6.5"),
    ("MIME-Version", "", ""): ("The body is to be read by MIME.", "RFC 2045 §4"),
    ("Content-Type", "", ""): ("What the body is, and in which charset.", "RFC 2045 §5"),
    (BODY, "program", ""): ("What the author wrote.", "RFC 5322 §2.3"),
    (BODY, "", ""): (
        "Octet for octet what the author wrote: carrying a message adds to its top and leaves the rest.",
        "RFC 5321 §2.3.10",
    ),
    (BODY, "", "changed"): ("It is no longer what the author wrote.", "RFC 5321 §2.3.10"),
    (SEEN, "", "leak"): (
        "Somebody who was in Bcc can be read here by somebody else.",
        "RFC 5321 §7.2",
    ),
    (SEEN, "mailbox", ""): (
        "The recipients whose address stands anywhere in this copy. Who is missing was in the envelope only.",
        "RFC 5321 §7.2",
    ),
    (SEEN, "", ""): (
        "The recipients whose address can be read here, in the envelope or in the header section.",
        "RFC 5321 §7.2",
    ),
    ("", "", ""): ("A field of the header section, carried as it is.", "RFC 5322 §3.6.8"),
}


def explained(row: str, kind: str, mark: str) -> Text:
    """What the cell in this row, at a place of this kind, with this mark, means."""
    if mark == "sealed":
        return SEALED
    for key in ((row, kind, mark), (row, "", mark), (row, kind, ""), (row, "", "")):
        if key in TEXTS:
            return TEXTS[key]
    return TEXTS["", "", ""]
