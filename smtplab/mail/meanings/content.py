"""Lines of the message: header fields, the empty line, the body (RFC 5322 §2.1, RFC 5321 §4.5.2)."""

from __future__ import annotations

import re

from ..line import Line
from ..text import encode
from .fields import about
from .note import Note, Say, note, plain, quoted, say

LONGEST = 998  # octets without CRLF: RFC 5322 §2.1.1, RFC 5321 §4.5.3.1.6
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:")


def content(line: Line) -> Note:
    """A line between 354 and the dot, or in a BDAT chunk."""
    marks = (_early(line), _stuffed(line), _ends(line), _too_long(line), _eight_bit(line))
    what = _header(line) if line.part == "header" else _blank(line) if line.part == "blank" else _body(line)
    return Note(what.title, (*(mark for mark in marks if mark), *what.says))


def _header(line: Line) -> Note:
    text = line.text.removeprefix(".") if line.verb == "DATA" else line.text
    if text.startswith((" ", "\t")):
        return note(
            "The field above goes on",
            say(
                """A line that begins with a space or a tab belongs to the header field before it. This
                folding keeps lines short; the reader's program undoes it.""",
                "RFC 5322 §2.2.3",
            ),
        )
    found = _FIELD.match(text)
    if not found:
        return note(
            "No header field, although the header section has not ended",
            say(
                """A field is a name, a colon and a value. Many programs take what follows for the body,
                others do not, and spammers play on that.""",
                "RFC 5322 §2.2",
            ),
        )
    title, sentences, ref = about(found[1])
    return note(
        f"{plain(found[1], 40)}: {title}",
        say(sentences, ref),
        say("""To SMTP it is content: a relay has to carry it as it is.""", "RFC 5321 §3.6.3"),
    )


def _blank(line: Line) -> Note:
    return note(
        "An empty line ends the header section",
        say(
            """Above it stand the header fields, below it the body. Everything after the first empty line is
            body, even if it looks like a field.""",
            "RFC 5322 §2.1",
        ),
        say("""SMTP does not mind: for the envelope it is a line like any other.""", "RFC 5321 §2.3.1"),
    )


def _body(line: Line) -> Note:
    if not line.text:
        return note(
            "An empty line of the body",
            say(
                """Only the first empty line of a message has a meaning; this one is text.""", "RFC 5322 §2.1"
            ),
        )
    boundary = line.text.startswith("--") and len(line.text) > 4
    return note(
        "A line of the body",
        say(
            """It may be a MIME boundary: such a line, announced in Content-Type, separates the parts of the
            message.""",
            "RFC 2045 §5",
        )
        if boundary
        else None,
        say(
            """The text that the reader sees, or an encoding of it. SMTP carries it line by line and reads
            none of it.""",
            "RFC 5322 §2.3",
            "RFC 5321 §2.3.1",
        ),
    )


def _early(line: Line) -> Say | None:
    if line.verb == "BDAT" or line.before.value == "data":
        return None
    return say(
        """The client sent this before the server's `354`. Had the server refused DATA, it would have taken
        the line for a command.""",
        "RFC 5321 §3.3",
    )


def _stuffed(line: Line) -> Say | None:
    """The first dot of a line is not part of the message (RFC 5321 §4.5.2); BDAT has no such rule."""
    if not line.text.startswith(".") or line.verb == "BDAT":
        return None
    if line.text.startswith(".."):
        return say(
            """The client has put one more dot in front, because the line begins with a dot: so it can't be
            mistaken for the end. The server takes it off again.""",
            "RFC 5321 §4.5.2",
        )
    return say(
        f"""A dot stands at the front that nobody doubled. The server takes one off all the same, so the
        reader sees {quoted(line.text[1:])}.""",
        "RFC 5321 §4.5.2",
    )


def _ends(line: Line) -> Say | None:
    if line.bare:
        return say(
            """There is a bare CR or LF here. Only the two together end a line: servers that took a bare LF
            for an end could be made to split one message in two.""",
            "RFC 5321 §2.3.8",
            "RFC 5321 §4.1.1.4",
        )
    if line.cut and line.verb == "DATA":
        return say(
            """The line has no end yet, so it counts for nothing: the server is still reading it.""",
            "RFC 5321 §2.3.8",
        )
    if line.cut:
        return say(
            """The chunk ends in the middle of the line. That is allowed: BDAT counts octets, not lines.""",
            "RFC 3030 §2",
        )
    return None


def _too_long(line: Line) -> Say | None:
    size = len(encode(line.text)) - (line.verb == "DATA" and line.text.startswith("."))
    if size <= LONGEST:
        return None
    return say(
        f"""The line has {size} octets. A line of a message has at most {LONGEST}, and longer ones need not
        get through.""",
        "RFC 5321 §4.5.3.1.6",
        "RFC 5322 §2.1.1",
    )


def _eight_bit(line: Line) -> Say | None:
    if line.text.isascii():
        return None
    where = "SMTPUTF8" if line.part == "header" else "8BITMIME"
    ref = "RFC 6531 §3.2" if line.part == "header" else "RFC 6152 §3"
    offers = line.known.offers
    lacks = offers is not None and where not in offers
    return say(
        f"""There are characters beyond ASCII here. That takes
        `{where}`{", which the server did not offer" if lacks else ""}.""",
        "RFC 5321 §2.4",
        ref,
    )
