"""The rungs of the ladder: which rows a dialogue becomes, and what each of them says.

Rows are plain records with a place (pixels from the top) and words; `drawing` draws them, and nothing
here knows what a line means (that is `mail.meaning`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ..mail.line import Line, shown
from ..mail.reply import Reply
from ..mail.text import visible
from ..mail.transcript import Side

FOLD_ABOVE, FOLD_HEAD, FOLD_TAIL = 12, 8, 2  # content lines: fold longer runs, show so many of them
LONGEST = 400  # characters of a line that are put into a picture; the side panel has the whole line

HEIGHTS = {"tls": 46, "close": 34, "fold": 26, "data": 24}  # pixels; 24 at least, to be hit
HEIGHT = 29

# RFC 5321 §4.2.1: what the first digit of a reply says.
CLASS_WORDS = {2: "success", 3: "go on", 4: "temporary failure", 5: "permanent failure"}


@dataclass(slots=True)
class Row:
    """A row of the picture: the line it shows, where it stands (pixels), and what it stands for.

    `index` is the number of its (first) line in the dialogue, `count` how many lines it stands for.
    """

    kind: str
    index: int
    line: Line
    y: int = 0
    height: int = HEIGHT
    count: int = 1


def rows(lines: Sequence[Line], *, unfold: bool = False, top: int = 0) -> list[Row]:
    """The rows that `lines` become, from `top` pixels down. Long runs of content are folded."""
    made: list[Row] = []
    single = (Row(line.kind, number, line) for number, line in enumerate(lines))
    for content, run in groupby(single, key=lambda row: row.kind == "data"):
        some = list(run)
        made += _content(some, unfold) if content else some
    for row in made:
        row.y, row.height = top, HEIGHTS.get(row.kind, HEIGHT)
        top += row.height
    return made


def _content(run: list[Row], unfold: bool) -> list[Row]:
    """A run of content; of more than FOLD_ABOVE lines, one row stands for those in the middle."""
    if unfold or len(run) <= FOLD_ABOVE:
        return run
    hidden = run[FOLD_HEAD:-FOLD_TAIL]
    fold = Row("fold", hidden[0].index, hidden[0].line, count=len(hidden))
    return [*run[:FOLD_HEAD], fold, *run[-FOLD_TAIL:]]


def elapsed(seconds: float) -> str:
    """A time since the connection opened: milliseconds as `4.4`, from a second on as `12.3 s`."""
    if seconds < 0.99995:
        return f"{seconds * 1000:.1f}"
    return f"{seconds:,.{2 if seconds < 10 else 1 if seconds < 100 else 0}f} s"


def columns(text: str) -> int:
    """How many character cells `text` takes in a fixed-width font: wide characters take two."""
    if text.isascii():
        return len(text)
    marks = sum(1 for char in text if unicodedata.combining(char))
    return len(text) - marks + sum(1 for char in text if unicodedata.east_asian_width(char) in "WF")


def shortened(text: str, room: int) -> str:
    """`text` in at most `room` character cells, ending in "…" when something was left out."""
    if columns(text) <= room:
        return text
    while columns(text) > max(room - 1, 0):
        text = text[: len(text) - max(1, (columns(text) - room) // 2)]
    return text + "…"


def reply_text(reply: Reply, verb: str = "") -> str:
    """A reply's words on one line, after its enhanced code. Of the answer to EHLO, the offers."""
    said = reply.lines[1:] if verb == "EHLO" and len(reply.lines) > 1 else reply.lines
    return visible(" · ".join((f"{reply.enhanced} {said[0]}".strip(), *said[1:])) if said else reply.enhanced)


_VERB = re.compile(r"(?i)((?:mail from:|rcpt to:|\S+)?)(.*)", re.DOTALL)
_FIELD = re.compile(r"([!-9;-~]+:)(.*)", re.DOTALL)  # RFC 5322 §2.2: a field name is printable, without ":"


def parts(row: Row, *, secrets: bool = False) -> tuple[str, str]:
    """The words of a row in two: what is set in bold (a verb, a field name), and the rest."""
    line = row.line
    if row.kind == "fold":
        return "", f"… {row.count:,} more lines of content"
    if line.reply is not None and not line.secret:
        return "", reply_text(line.reply, line.verb)
    text = shown(line, secrets=secrets).expandtabs(4)
    if row.kind == "tls":
        return "", f"{text} from here on"
    pattern = _VERB if row.kind == "command" else _FIELD if line.part == "header" else None
    found = pattern.match(text) if pattern else None
    if found:
        return found[1], found[2]
    return (text, "") if row.kind == "end" else ("", text)


def aside(row: Row) -> str:
    """What the picture adds to a row's own words, where those alone would be missed."""
    line = row.line
    if line.note and row.kind != "tls":
        return f"  {visible(line.note)}"
    if line.refused:
        return "  refused"
    if line.dropped:
        return "  thrown away: it came before TLS"
    if line.bare:
        return "  ends in a bare LF"
    if row.kind == "end":
        return "  the message ends"
    return "the header section ends" if line.part == "blank" and row.kind == "data" else ""


def label(row: Row, words: str) -> str:
    """What a screen reader says for a row: who, what, how it went, when, and whether under TLS."""
    line, who = row.line, "client" if row.line.side is Side.CLIENT else "server"
    said = shortened(words, LONGEST)
    if line.reply is not None:
        code = line.reply.code
        said = f"{code} {CLASS_WORDS.get(code // 100, '')}: {said}"
    elif row.kind == "data":
        said = f"content: {said or 'an empty line'}"
    elif row.kind == "fold":
        said = f"{row.count:,} more lines of content, folded: press Enter to see them"
    elif row.kind == "end":
        said = "a dot on a line of its own"
    said += f": {note.strip()}" if (note := aside(row)) else ""
    when = elapsed(line.t)
    return f"{who}, {said}, {when if when.endswith('s') else when + ' ms'}{', under TLS' if line.tls else ''}"
