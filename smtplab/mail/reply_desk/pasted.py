"""A reply in what people paste: a bare code, a dialogue, a log line, a bounce, an exception of smtplib.

Which part of it is the reply, and where are its digits and its words? The shapes are those of RFC 5321 §4.2
and RFC 3464, and of the logs of Postfix, Exim, Sendmail and Exchange. It finds, and judges nothing. Time is
linear in the text, and no text makes it raise anything but RecordError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..codes import CODES
from ..errors import RecordError
from .stages import stage_before

LIMIT = 20_000  # characters: a bounce with all its parts has a few thousand
PASTE = (
    "paste a reply (550 5.1.1 ...), an enhanced code (5.7.26), or the line of a log or bounce that holds one"
)

Kind = Literal["first", "second", "third", "class", "subject", "detail", "words", "again", "noted"]


@dataclass(frozen=True, slots=True)
class Part:
    """A span of the text, and what stands there. "again" is a number that a later line repeats; "noted" an
    enhanced code outside the reply, which the client's side wrote."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was found: `code` is 0, `enhanced`, `noted`, `words` and `verb` are "" where there was none.

    `fate` is what the log or DSN says that became of the message: "bounced", "deferred", "sent" or "".
    `server` says that it is the log of the server which gave the reply. `others` counts further replies.
    """

    text: str
    code: int = 0
    enhanced: str = ""
    words: str = ""
    verb: str = ""
    noted: str = ""
    fate: str = ""
    server: bool = False
    others: int = 0
    parts: tuple[Part, ...] = ()


_X = r"[245]\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})(?!\.?\w)"  # RFC 3463 §2
# What stands before a reply in a log or bounce; the reply follows within a few words.
_BEFORE = re.compile(
    r"\bsaid: |talk to me: |[Rr]emote [Ss]erver returned|Diagnostic-Code:|response (?:from the remote"
    r" server )?"
    r"was:|SMTP error from remote \w+ (?:server )?after [^:\n]{1,400}(?=:)|\breject: "
)
_CODE = r"(?<![\w./\[@-])([2-5][0-9][0-9])"
_STRONG = re.compile(rf"{_CODE}(?=[ -]#?{_X})|\(([2-5][0-9][0-9])(?=, ?b?['\"])")
_LINE = re.compile(r"(?m)^(?:[>< \t~*-]{0,12}|[Ss]: )['\"(]?([2-5][0-9][0-9])(?=[ \t-]|\r?$)(?!-[0-9]{2}-)")
_LOOSE = re.compile(
    r"(?:[:;'\"(<] {0,2}|\b(?:error|code|reply|status|got|returned|smtp)["
    r" :=#]{1,3})([2-5][0-9][0-9])(?![\w/:]|\.\w|-\d)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"(?mi)(?:^[> \t]{{0,8}}|[#'\"(:;=<] {{0,2}}|\b(?:status|code|error|smtp|got|returned) )({_X})(?!-)"
)
_NOTED = re.compile(rf"(?mi)(?:\bdsn=|^[> \t]{{0,8}}Status: *)({_X})")
_FATE = re.compile(
    r"(?mi)\bstatus=(bounced|deferred|sent|expired|undeliverable)|^[> \t]{0,8}Action: *(failed|delayed|"
    r"delivered"
    r"|relayed)|\b(defer) \(|\bstat=(Deferred|Sent|User unknown)"
)
_FATES = {
    "bounced": "bounced", "expired": "bounced", "undeliverable": "bounced", "failed": "bounced",
    "user unknown": "bounced", "deferred": "deferred", "delayed": "deferred", "defer": "deferred",
    "sent": "sent", "delivered": "sent", "relayed": "sent",
}  # fmt: skip
_SERVER = re.compile(r"\b(?:NOQUEUE|[A-Z0-9]{6,20}): (?:milter-)?reject: ")
_DIAGNOSIS = re.compile(r"(?mi)^[> \t]{0,8}Diagnostic-Code: *(?:[\w-]{1,40};)?")
_REASON = re.compile(r"\bstatus=[a-z]{1,20} \(")
# A reply that runs over lines ends before a blank line, a command, a field, a further reply or a log line.
_STOP = re.compile(
    r"\n(?=[ \t]*(?:\r?\n|>>>|<<<|[<>~*=-]{1,3}[ >]|[CS]: |[A-Z][A-Za-z-]*: |[2-5][0-9][0-9](?:[ -]|\r?$)|"
    r"(?:EHLO|HELO|MAIL|RCPT|DATA|QUIT|RSET|AUTH)\b|\.\r?$|[A-Z][a-z]{2} [ 0-9][0-9] |[0-9]{4}-[0-9]{2}-))",
    re.MULTILINE,
)
_TAIL = re.compile(r" ?\(in reply to ")
_ENHANCED = re.compile(rf"[ -]?[ \t]{{0,2}}#?({_X})")
# What may stand between a code and its enhanced code: quotes, words such as "enhanced", or the code again.
_FAR = r"(?:[^\w\n]|enhanced|message|status|code|%s\b){1,24}?"
_GLUE = re.compile(r"\s*(?:, ?b?['\"])?")
_QUOTES = {"'": "'", '"': '"', "‘": "’", "“": "”"}


def find(text: str) -> Pasted:
    """The reply in `text`. Raises RecordError for what is too long or holds neither a reply nor its trace."""
    if len(text) > LIMIT:
        rule = f"paste only the lines about one reply: at most {LIMIT} characters are read"
        raise RecordError(rule, text[:LIMIT], (0, LIMIT))
    fate = _FATE.search(text)
    became = _FATES[next(word for word in fate.groups() if word).lower()] if fate else ""
    noted = _NOTED.search(text)
    server = _SERVER.search(text) is not None
    start, others = _start(text)
    if start >= 0:
        found = _reply(text, start, noted)
        verb = stage_before(text, start) or ("." if became == "sent" else "")
        return Pasted(text, *found[:3], verb, noted[1] if noted else "", became, server, others, found[3])
    if alone := noted or _ALONE.search(text):
        words = _inside(text, *_rest(text, alone.end()))
        parts = (*_three(text, alone.start(1), alone.end(1)), Part("words", *words))
        said = text[slice(*words)]
        verb = stage_before(text, alone.start())
        return Pasted(text, 0, alone[1], said, verb, "", became, server, 0, _kept(parts))
    whole = text.strip()
    if not whole:
        raise RecordError(f"there is nothing here yet: {PASTE}", text, (0, len(text)))
    begin = text.index(whole)
    words = _inside(text, begin, begin + len(whole))
    parts = _kept((Part("words", *words),))
    return Pasted(
        text, words=text[slice(*words)], verb=stage_before(text, len(text)), fate=became, parts=parts
    )


def _start(text: str) -> tuple[int, int]:
    """Where the reply begins, -1 for none, and how many other replies there are.

    What a log or bounce calls the reply comes first, then the first that says no, then the last.
    """
    for anchor in _BEFORE.finditer(text):
        for pattern in (_STRONG, _LINE, _LOOSE):
            begin = anchor.end() - (text[anchor.end() - 1] in " :")  # so that the colon is seen
            if (found := pattern.search(text, begin, min(len(text), anchor.end() + 400))) is not None:
                return found.start(found.lastindex or 0), 0
    places = {match.start(match.lastindex or 0) for match in (*_STRONG.finditer(text), *_LINE.finditer(text))}
    replies = list(_replies(text, sorted(places)))
    if not replies:
        loose = next((found for found in _LOOSE.finditer(text) if int(found[1]) in CODES), None)
        return (loose.start(1) if loose else -1), 0
    no = [place for place in replies if text[place] in "45"]
    return (no[0] if no else replies[-1]), len(replies) - 1


def _replies(text: str, places: list[int]) -> Iterator[int]:
    """The places where a reply begins: not its further lines."""
    before, last = "", -9
    for place in places:
        code = text[place : place + 3]
        again = place == last + 4 and text[last : last + 3] == code  # "550 550 5.1.1"
        if before != code and not again:
            yield place
        before, last = code if text[place + 3 : place + 4] == "-" else "", place


def _reply(text: str, start: int, noted: re.Match[str] | None) -> tuple[int, str, str, tuple[Part, ...]]:
    """Code, enhanced code, words and parts of the reply at `start`."""
    code, end = text[start : start + 3], _end(text, start)
    parts = [Part("first", start, start + 1), Part("second", start + 1, start + 2)]
    parts.append(Part("third", start + 2, start + 3))
    place, enhanced = start + 3, ""
    place += text[place:end][:1] in ("-", " ")
    if found := _enhanced(text, start, end):
        enhanced, place = found[1], found.end()
        parts += _three(text, found.start(1), found.end(1))
    elif noted and not start <= noted.start() < end:
        parts.append(Part("noted", noted.start(1), noted.end(1)))
    again = rf"(?<=\s){code}[ -](?:{re.escape(enhanced)}(?![\w.]))?" if enhanced else rf"(?<=\s){code}[ -]"
    marks = list(re.finditer(again, text[:end])) if text[start + 3 : start + 4] == "-" else []
    for mark in marks:
        if mark.start() >= place:
            parts += [Part("words", *_trimmed(text, place, mark.start())), Part("again", *mark.span())]
            place = mark.end()
    parts.append(Part("words", *_trimmed(text, place, end)))
    kept = _kept(tuple(parts))
    words = " ".join(text[part.start : part.end] for part in kept if part.kind == "words")
    return int(code), enhanced, " ".join(words.split()), kept


def _enhanced(text: str, start: int, end: int) -> re.Match[str] | None:
    """The enhanced code of the reply at `start`; smtplib has it as `(550, b'5.1.1 ...')`."""
    place = start + 3
    glue = _GLUE.match(text, place)
    found = _ENHANCED.match(text, place, end) or _ENHANCED.match(text, glue.end() if glue else place, end)
    if found:
        return found
    far = re.compile(rf"{_FAR % text[start:place]}(?<![\w.])({_X})").match(text, place, end)
    return far if far and far[1][0] == text[start] else None


def _end(text: str, start: int) -> int:
    """Where the reply that begins at `start` ends."""
    place, code = start, text[start : start + 3]
    while True:
        stop = _STOP.search(text, place)
        end = stop.start() if stop else len(text)
        more = stop and re.compile(rf"\n[>< \t~*-]{{0,6}}{code}[ -]").match(text, end)
        if not stop or not more or text[place + 3 : place + 4] != "-":
            break
        place = more.end() - 4
    if tail := _TAIL.search(text, start, end):
        return tail.start()
    line = text.rfind("\n", 0, start) + 1
    if "said: " in text[line:start] or "talk to me: " in text[line:start]:  # a log has it on one line
        end = min(end, text.find("\n", start) if "\n" in text[start:end] else end)
    opened = _opened(text, start)
    closed = text.rfind(_QUOTES[opened], start, end) if opened else -1
    if closed < 0 and text[start - 1 : start] == "(" and text[start:end].rstrip().endswith(")"):
        closed = text.rindex(")", start, end)
    return closed if closed > 0 else end


def _opened(text: str, start: int) -> str:
    """The quote in which the reply stands."""
    near = text[start + 3 : start + 7].lstrip(", b")[:1] if text[start - 1 : start] == "(" else ""
    if near in ("'", '"'):
        return near
    back = text[max(0, start - 120) : start].rpartition("\n")[2]
    return next((char for char in reversed(back) if char in _QUOTES and back.count(char) % 2), "")


def _three(text: str, start: int, end: int) -> list[Part]:
    """The three numbers of an enhanced code."""
    subject, detail = text.index(".", start) + 1, text.rindex(".", start, end) + 1
    return [
        Part("class", start, subject - 1),
        Part("subject", subject, detail - 1),
        Part("detail", detail, end),
    ]


def _rest(text: str, place: int) -> tuple[int, int]:
    """The words of an enhanced code that stands alone: the diagnosis, or what comes behind the code."""
    if told := _DIAGNOSIS.search(text, place):
        place = told.end()
    stop = _STOP.search(text, place)
    return _trimmed(text, place, stop.start() if stop else len(text))


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """What a log has in parentheses behind the fate of a message, where there is one: the reason."""
    found = _REASON.search(text, start, end)
    closed = text.rfind(")", found.end(), end) if found else -1
    return (found.end(), closed) if found and closed > 0 else (start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the space around it and what joined it to its number."""
    piece = text[start:end]
    left = piece.lstrip(" \t\r\n:;,'\"")
    return start + len(piece) - len(left), start + len(piece) - len(left) + len(left.rstrip())


def _kept(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(sorted((part for part in parts if part.start < part.end), key=lambda part: part.start))
