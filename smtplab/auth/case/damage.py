"""Has the paste suffered? What copying, quoting and mail programs do to a message, told by its looks.

A signature fails on a message that was changed on the way to here, and then says nothing about the sender.
"fail" is for what breaks one for sure, "policy" for what may, "" for what is mended before it is judged: a
line of an mbox file in front, empty lines, a byte order mark (RFC 4155). Nothing else is mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.mail.header import Field, fields, split
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

THE_END = "the end"
LOOKED_AT = 1 << 18  # octets of the body, and of the header section, that are looked at

# How to get the message as it arrived, by mail program.
# Gmail and Outlook on the web: as guides of 2026 have it. The others have been so for many versions.
RAW_SOURCE = {
    "Gmail": "the three dots beside the message, Show original, Download original",
    "Outlook on the web": "the three dots, View, View message source; or Download",
    "Outlook for Windows": "it keeps no raw source: open the message in Outlook on the web",
    "Apple Mail": "View, Message, Raw Source, then save it; or drag the message to the desktop",
    "Thunderbird": "More, View Source, then save it; or Save As, and the .eml file",
    "Yahoo": "the three dots, View raw message",
    "a server": "the file in the Maildir, or what the IMAP command FETCH n BODY.PEEK[] gives",
}

_MBOX = re.compile(rb"From [^\r\n:]{1,300}:\d\d[^\r\n]{0,100}\r?\n")
_BLANKS = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*")
_QUOTED = re.compile(r"(?:\r?\n|\A)(?:>|\|) ?[!-9;-~]+:")
_ENTITIES = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#\d{1,5}|#x[0-9a-fA-F]{1,4});")
_FIELD_LIKE = re.compile(rb"[A-Za-z][A-Za-z0-9-]{2,40}: ?\S")
_DELIMITER = re.compile(rb"(?:\A|\n)--\r?\n")
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_SMART = re.compile("[“”‘’„«»]")
_STRUCTURED = frozenset(("content-type", "dkim-signature", "received", "message-id", "return-path"))


def examine(message: bytes) -> tuple[bytes, tuple[Step, ...]]:
    """The message without what stands in front of it by mistake, and what has happened to it."""
    mended, steps = _mended(message)
    head, body = split(mended)
    head, body = head[:LOOKED_AT], body[:LOOKED_AT]
    known = fields(head)
    steps += _line_ends(mended)
    steps += _header(head.decode("utf-8", "replace"), known)
    steps += _missing(known, body)
    steps += _body(known, body, len(message))
    return mended, tuple(steps)


def _mended(message: bytes) -> tuple[bytes, list[Step]]:
    steps = []
    if blank := _BLANKS.match(message[:LOOKED_AT]):
        if blank.end():
            steps.append(
                Step("in front", "empty lines or a byte order mark stood before it; they are left out")
            )
        message = message[blank.end() :]
    if found := _MBOX.match(message[:1000]):
        why = 'a "From " line of an mbox file, no header field; it is left out'
        steps.append(Step("mbox", why, "", "RFC 4155"))
        message = message[found.end() :]
    return message, steps


def _line_ends(message: bytes) -> list[Step]:
    crlf, lf, cr = message.count(b"\r\n"), message.count(b"\n"), message.count(b"\r")
    if lf and not cr:
        return [Step("line ends", "LF alone, as files have it; each is taken for CR LF", "", "RFC 5322 §2.3")]
    if crlf != lf or crlf != cr:
        why = f"{crlf} lines end with CR LF, {lf - crlf} with LF and {cr - crlf} with CR: they were mixed up"
        return [Step("line ends", why, "fail", "RFC 5322 §2.3")]
    return []


def _header(text: str, known: tuple[Field, ...]) -> Iterator[Step]:
    """What the header section shows."""
    if _QUOTED.search(text):
        yield Step("quoted", 'lines begin with "> ", as in an answer to a message', "fail")
    elif text[:1] in (" ", "\t"):
        yield Step("indented", "the first line begins with white space, as in a quotation", "fail")
    elif lost := [field for field in known[1:] if not field.is_read and not field.body.startswith(">")]:
        why = (
            f"line {lost[0].line} is neither a field nor the rest of one: folded lines have lost their space"
        )
        yield Step("folded lines", why, "fail", "RFC 5322 §2.2.3")
    if found := _ENTITIES.search(text):
        why = f"{visible(found[0])} stands in the header section, as in the source of a web page"
        yield Step("HTML entities", why, "fail")
    if "\xa0" in text:
        yield Step("hard spaces", "spaces have become no-break spaces, as on a web page", "fail")
    if any(_SMART.search(field.value) for field in known if field.key in _STRUCTURED):
        why = "a word processor has put typographic quotes in place of plain ones"
        yield Step("smart quotes", why, "fail")
    yield from _folds(known)


def _folds(known: tuple[Field, ...]) -> Iterator[Step]:
    folded = [field for field in known if field.lines > 1]
    long = [field for field in known if len(field.value) > 200 and field.is_read]
    if long and not folded:
        why = (
            f"no field is folded, not even {visible(long[0].name)[:40]} with {len(long[0].value)} characters"
        )
        yield Step("folds gone", f"{why}: lines were joined; only the relaxed form bears that", "policy")
    starts = {line[:8] for field in folded for line in field.body.splitlines()[1:]}
    if len(starts) == 1 and folded and next(iter(starts)) == " " * 8:
        why = (
            "every folded line begins with eight spaces: they may have been tabs; the relaxed form bears that"
        )
        yield Step("tabs", why, "policy", "RFC 6376 §3.4.2")


def _missing(known: tuple[Field, ...], body: bytes) -> Iterator[Step]:
    """Fields that every message which arrived has."""
    names = {field.key for field in known}
    if not known or not names & {"from", "received", "date"}:
        yield Step(
            "header section", "there is none: this is a text and no raw message", "fail", "RFC 5322 §3.6"
        )
    elif body and _FIELD_LIKE.match(body) and not {"from", "date"} <= names:
        why = "what follows the first empty line looks like fields: an empty line got into the header section"
        yield Step("empty line", why, "fail", "RFC 5322 §2.1")
    elif not names & {"received", "return-path", "delivered-to"}:
        why = "no Received and no Return-Path: a copy from before it was sent, or from a short view"
        yield Step("header section", why, "policy", "RFC 5321 §4.4")


def _body(known: tuple[Field, ...], body: bytes, size: int) -> Iterator[Step]:
    if b"\xef\xbf\xbd" in body:
        yield Step(
            "characters", "some were lost: they stand as U+FFFD, the sign for what can't be read", "fail"
        )
    kind = next((field.value for field in known if field.key == "content-type"), "")
    if "format=flowed" in kind.lower() or _DELIMITER.search(body):
        lines = body.splitlines()
        if not any(line.endswith(b" ") for line in lines) and _DELIMITER.search(body):
            why = "no line ends with a space, and the one before a signature of the author's should"
            yield Step("spaces at line ends", f"{why}: they were cut off", "policy", "RFC 3676 §4.3")
    boundary = _BOUNDARY.search(kind) if kind.lower().startswith("multipart/") else None
    if boundary and len(body) < LOOKED_AT:
        end = f"--{boundary[1] or boundary[2]}--".encode("utf-8", "replace")
        if end not in body:
            yield Step(
                THE_END, "the last part does not end: the message was cut off", "fail", "RFC 2046 §5.1.1"
            )
