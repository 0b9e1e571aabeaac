"""Header fields by name: what each is for, and what it does not do (RFC 5322 §3.6 and others)."""

from __future__ import annotations

# lower-case name -> (what the title says, one or two sentences, source)
FIELDS: dict[str, tuple[str, str, str]] = {
    "from": (
        "who wrote the message, so it says",
        """The author's address, which readers are shown. It is content like any other: the server does
        not compare it with MAIL FROM, and DMARC exists because of that.""",
        "RFC 5322 §3.6.2",
    ),
    "sender": (
        "who sent it for the author",
        "The one who sent the message, where that is not the author, such as a secretary.",
        "RFC 5322 §3.6.2",
    ),
    "reply-to": (
        "where answers should go",
        "People's answers go here. Delivery reports do not: they go to the reverse-path.",
        "RFC 5322 §3.6.2",
    ),
    "to": (
        "whom it addresses",
        "For people to read. It decides nothing about delivery: RCPT did that.",
        "RFC 5322 §3.6.3",
    ),
    "cc": (
        "who gets a copy",
        "For people to read. The copy comes from a RCPT of its own, not from this field.",
        "RFC 5322 §3.6.3",
    ),
    "bcc": (
        "a blind copy that is not blind",
        """Everyone who gets this copy of the message can read the field. A mail program should take it
        out, and only name the blind recipients in RCPT.""",
        "RFC 5322 §3.6.3",
    ),
    "subject": (
        "what it is about",
        """Free text for people. Beyond ASCII it is encoded, as in `=?utf-8?...?=`, unless SMTPUTF8 is
        used.""",
        "RFC 5322 §3.6.5",
    ),
    "date": (
        "when the author was done",
        """Set by the author's program, by its own clock. When a server got the message, its Received
        field says.""",
        "RFC 5322 §3.6.1",
    ),
    "message-id": (
        "the message's own name",
        """Made once, normally by the author's program; a submission server may add a missing one, a
        relay must not. Answers point to it.""",
        "RFC 5322 §3.6.4",
    ),
    "in-reply-to": (
        "which message it answers",
        "The Message-ID of the message that this one answers. Mail programs build threads from it.",
        "RFC 5322 §3.6.4",
    ),
    "references": (
        "the thread so far",
        "The Message-IDs of the whole thread, the oldest first.",
        "RFC 5322 §3.6.4",
    ),
    "received": (
        "a stamp of one hop",
        """Every server that takes the message puts one on top, so the path reads from the bottom up.
        In it only what your own servers wrote is evidence.""",
        "RFC 5321 §4.4",
    ),
    "return-path": (
        "the reverse-path, kept",
        """The server that delivers writes the reverse-path here. In a message on its way it is out of
        place.""",
        "RFC 5321 §4.4",
    ),
    "mime-version": (
        "this message uses MIME",
        "It tells the reader's program to look at the Content- fields.",
        "RFC 2045 §4",
    ),
    "content-type": (
        "what the body is",
        """The kind of the body, such as `text/plain`, or `multipart/...` with the boundary that
        separates its parts.""",
        "RFC 2045 §5",
    ),
    "content-transfer-encoding": (
        "how the body is written",
        """How octets became lines: `quoted-printable` and `base64` fit through any server, `8bit`
        needs 8BITMIME.""",
        "RFC 2045 §6",
    ),
    "content-disposition": (
        "shown, or attached",
        "Whether this part is shown in place or is an attachment, and its file name.",
        "RFC 2183 §2",
    ),
    "dkim-signature": (
        "a domain vouches for this message",
        """A signature over the body and some header fields, by the domain in `d=`. That need not be
        the domain in From, and nothing is encrypted.""",
        "RFC 6376 §3.5",
    ),
    "authentication-results": (
        "what a server found out about the message",
        """Results of SPF, DKIM and DMARC. Only the one written by your own border server counts; it
        removes those that pretend to be its own.""",
        "RFC 8601 §5",
    ),
    "received-spf": (
        "what SPF said at one hop",
        "An older way to write down an SPF result; today Authentication-Results says it.",
        "RFC 7208 §9.1",
    ),
    "list-unsubscribe": (
        "the way off a mailing list",
        "Where to go to leave the list; mail programs make a button of it.",
        "RFC 2369 §3.2",
    ),
    "list-unsubscribe-post": (
        "one click is enough",
        "With it a mail program may unsubscribe in one step. It has to be signed by DKIM.",
        "RFC 8058 §3.1",
    ),
    "list-id": (
        "which mailing list",
        "Names the list, so that mail can be sorted by it.",
        "RFC 2919 §2",
    ),
    "auto-submitted": (
        "written by a machine",
        "It says that no person wrote this, so that no other machine answers and a loop begins.",
        "RFC 3834 §5",
    ),
}

ARC = (
    "a chain of results from earlier hops",
    """Part of ARC, by which a forwarder passes on what it had checked. It is an experiment, and is
    being retired.""",
    "RFC 8617 §4.1",
)
RESENT = (
    "sent again by someone else",
    "The Resent- fields tell that a person passed the whole message on, and to whom.",
    "RFC 5322 §3.6.6",
)
PRIVATE = (
    "a field by private agreement",
    """Spam filters, lists and programs add such fields. The X- says that nobody standardised it; new
    ones should do without.""",
    "RFC 6648 §3",
)
OTHER = (
    "a field that SMTP carries unread",
    "The server does not need it. Programs that do not know a field leave it alone.",
    "RFC 5322 §3.6.8",
)


def about(name: str) -> tuple[str, str, str]:
    """What the field `name` is for: the end of a title, sentences, and a source."""
    low = name.lower()
    if low in FIELDS:
        return FIELDS[low]
    for prefix, entry in (("arc-", ARC), ("resent-", RESENT), ("x-", PRIVATE)):
        if low.startswith(prefix):
            return entry
    return OTHER
