"""The rows of the eavesdropper's view in HTML: time, what is said, and what the listener reads.

Rows are filled into `Markup` templates: what goes in is escaped, as with htpy, in a tenth of the time. The
markup is the same with and without a script; only its roles differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from ..mail.line import Line
from ..mail.line import shown as line_shown
from ..mail.tls_records import HEADER, Heard
from ..mail.transcript import Side
from .eavesdrop_rows import Row
from .eavesdrop_words import PHASES, Fact, about, ended, facts, hexadecimal, noted, raw, says, stolen, who
from .rungs import Row as Rung
from .rungs import elapsed, parts, reply_text, shortened
from .theme import SHACKLE, chip, shown

FOLD_ABOVE, HEAD, TAIL = 12, 8, 2  # items of one cell: fold longer runs, and show so many of them
MOST_FOLDED = 200  # of the folded items, how many a page holds
MOST_FIELDS = 40  # of a record that are shown octet by octet
OCTETS = 12  # in hexadecimal, after the header
CUT = 56  # characters of a line that nobody said: a record that is taken for commands
NBSP = "\N{NO-BREAK SPACE}"  # an empty line is as high as any other

LOCK = (
    Markup('<svg class="smtplab-lock" viewBox="0 0 12 12" role="img" aria-label="sealed"><path d="%s" ')
    % SHACKLE
    + Markup('fill="none" stroke="currentColor" stroke-width="1.5"/>')
    + Markup('<rect x="2" y="5.5" width="8" height="5.5" rx="1.2" fill="currentColor"/></svg>')
)

_ROW = Markup(
    '<div class="se-row%(extra)s" role="row"%(attributes)s>'
    '<div class="se-time" role="%(cell)s">%(time)s</div>'
    '<div class="se-in" role="%(cell)s">%(inside)s</div>'
    '<div class="se-out" role="%(cell)s">%(outside)s</div></div>'
)
_BAND = Markup(
    '<div class="se-band se-%(phase)s" role="row"><div class="se-phase" role="%(cell)s" aria-colspan="3">'
    "%(lock)s<b>%(title)s</b> <span>%(words)s</span></div></div>"
)
_LIVE = Markup(' tabindex="-1" data-row="%(row)d" data-also="%(also)s"')
_WHO = Markup(
    '<span class="se-who se-%(side)s" aria-hidden="true">%(letter)s</span>'
    '<span class="smtplab-hidden">%(side)s: </span>'
)
_SAME = Markup('<span class="se-who"></span>')
_LINE = Markup(
    '<div class="se-line">%(who)s%(lock)s%(chip)s<code><b>%(bold)s</b>%(text)s</code></div>%(hand)s'
)
_ASIDE = Markup('<div class="se-aside">%s</div>')
_TEXT = Markup('<div class="se-line">%(who)s<code class="%(class)s">%(text)s</code></div>%(leak)s')
_RECORD = Markup(
    '<div class="se-line">%(who)s<div class="se-record">'
    '<span class="se-box se-%(how)s">%(lock)s%(name)s <b>%(size)s B</b></span>'
    '<code class="se-hex"><b>%(head)s</b> %(rest)s</code></div></div>%(facts)s%(fields)s'
)
_FACT = Markup('<div class="se-fact">%s</div>')
_NOTE = Markup('<div class="se-fact se-note">%s</div>')
_HAND = Markup('<div class="se-hand">%s</div>')
_LEAK = Markup('<span class="se-leak">leak · %(leak)s</span> <code>%(text)s</code>')
_FOLD = Markup('<details class="se-fold"><summary>… %(count)s</summary>%(items)s%(rest)s</details>')
_FIELDS = Markup(
    '<details class="se-bytes"><summary>byte by byte</summary><table>'
    "<tr><th>octets</th><th>field</th><th>says</th></tr>%s</table></details>"
)
_FIELD = Markup("<tr><td><code>%(octets)s</code></td><td>%(name)s</td><td>%(words)s</td></tr>")

_SPEAKERS = {side: _WHO % {"side": who(side), "letter": side.value} for side in Side}


def rows_html(rows: Sequence[Row], *, live: bool = False, secrets: bool = False) -> Markup:
    """All rows, with a band where a part of the connection begins. `live`: for a script to bring to life."""
    return Markup("").join(_rows(rows, live, secrets))


def _rows(rows: Sequence[Row], live: bool, secrets: bool) -> Iterator[Markup]:
    cell = "gridcell" if live else "cell"
    explained: set[str] = set()  # kinds of sealed records that have been shown octet by octet
    for place, row in enumerate(rows):
        if row.phase:
            title, words = PHASES[row.phase]
            if row.tls:
                title = f"{title}: {shown(row.tls.text)}"
                words += f" {noted(row.tls)}." if row.tls.note else ""
            lock = LOCK if row.phase == "sealed" else ""
            yield _BAND % {"phase": row.phase, "cell": cell, "title": title, "words": words, "lock": lock}
            if row.tls:
                continue  # the band has said it
        also = " ".join(str(other) for other in row.also)
        again = row.content and place > 0 and rows[place - 1].content and rows[place - 1].t == row.t
        yield _ROW % {
            "extra": " se-content" if row.content else "",
            "attributes": _LIVE % {"row": place, "also": also} if live else "",
            "cell": cell,
            "time": "" if again else elapsed(row.t),
            "inside": _inside(row, secrets),
            "outside": _outside(row, explained),
        }


# Inside: what is said ---------------------------------------------------------------------------------


def _inside(row: Row, secrets: bool) -> Markup:
    if not row.lines:
        return _ASIDE % ("The line begins here, and ends below." if row.goes_on else says(row))
    if row.heard and row.heard[0].kind == "record" and not row.lines[0].tls:
        commands = _ASIDE % "The server takes the octets of this record for commands:"
        return commands + folded(row.lines, _odd, "more lines", row.folded)
    speaker = _Speaker()
    return folded(row.lines, lambda line: _line(line, secrets, speaker), "more lines", row.folded)


class _Speaker:
    """Says who speaks, once for a run of lines from one side."""

    def __init__(self) -> None:
        self._last: Side | None = None

    def __call__(self, side: Side) -> Markup:
        again, self._last = side is self._last, side
        return _SAME if again else _SPEAKERS[side]


def _line(line: Line, secrets: bool, speaker: _Speaker) -> Markup:
    if line.kind in ("tls", "close"):
        return _ASIDE % ended(line)
    code: object = ""
    bold, text = parts(Rung(line.kind, 0, line), secrets=secrets)
    if line.reply and not line.secret:
        code = _chip(line.reply.code)
        text = reply_text(line.reply) if line.tls else _own_lines(line)
    return _LINE % {
        "who": speaker(line.side),
        "lock": LOCK if line.tls else "",
        "chip": code,
        "bold": shown(bold),
        "text": shown_lines(text) if bold or text else NBSP,
        "hand": _HAND % noted(line) if line.note else "",
    }


def _odd(line: Line) -> Markup:
    """What is a line only to a server that reads a record as commands."""
    return _ASIDE % shortened(line_shown(line), CUT)


@lru_cache(maxsize=128)
def _chip(code: int) -> Markup:
    return Markup(chip(code))


def _own_lines(line: Line) -> str:
    """The words of a reply, each line on its own as on the wire, without the codes."""
    assert line.reply
    said = list(line.reply.lines)
    if said and line.reply.enhanced:
        said[0] = f"{line.reply.enhanced} {said[0]}"
    return "\n".join(said)


def shown_lines(text: str) -> str:
    """Text of several lines made visible, each on its own."""
    return "\n".join(shown(piece) for piece in text.split("\n"))


def folded(items: Sequence[object], draw: Callable[..., Markup], words: str, hidden: int = 0) -> Markup:
    """Items drawn one below the other; of a long run, those in the middle are folded away.

    With `hidden` all of them are, for they stand for what is between the rows above and below.
    """
    if not hidden and len(items) <= FOLD_ABOVE:
        return Markup("").join(draw(item) for item in items)
    front = [] if hidden else items[:HEAD]
    back = [] if hidden else items[-TAIL:]
    middle = items if hidden else items[HEAD:-TAIL]
    left = len(middle) - MOST_FOLDED
    fold = _FOLD % {
        "count": f"{len(middle):,} {words}",
        "items": Markup("").join(draw(item) for item in middle[:MOST_FOLDED]),
        "rest": _ASIDE % f"and {left:,} more" if left > 0 else "",
    }
    return Markup("").join([*map(draw, front), fold, *map(draw, back)])


# Outside: what the listener reads -----------------------------------------------------------------------


def _outside(row: Row, explained: set[str]) -> Markup:
    if not row.heard:
        return _ASIDE % _unheard(row)
    secret = next((fact for fact in map(stolen, row.lines) if fact), None)
    speaker = _Speaker()

    def draw(one: Heard) -> Markup:
        if one.kind == "text":
            return _text(one, secret, speaker(one.side))
        return _record(one, explained, speaker(one.side))

    what = "more lines" if row.heard[0].kind == "text" else "more records"
    made = folded(row.heard, draw, what, row.folded)
    return made + Markup("").join(_NOTE % note for note in about(row) if note)


def _unheard(row: Row) -> str:
    if any(line.kind == "close" for line in row.lines):
        return "The connection ends: anyone can see that."
    return "Not on the wire as far as the tap recorded it."


def _text(one: Heard, secret: Fact | None, speaker: Markup) -> Markup:
    return _TEXT % {
        "who": speaker,
        "class": "se-stolen" if secret else "se-clear",
        "text": raw(one.data) or NBSP,
        "leak": _fact(secret) if secret else "",
    }


def _record(one: Heard, explained: set[str], speaker: Markup) -> Markup:
    record = one.record
    how = "junk" if record is None else "sealed" if record.sealed else "open"
    fields = Markup("")
    read = record and (record.alert or any(message.body for message in record.messages))
    if record and (read or (record.sealed and record.kind not in explained)):
        fields = _fields(one)
        explained.add(record.kind if record.sealed else "")
    return _RECORD % {
        "who": speaker,
        "how": how,
        "lock": LOCK if how == "sealed" else "",
        "name": record.name if record else "not TLS",
        "size": f"{len(one.data):,}",
        "head": hexadecimal(one.data[:HEADER], HEADER),
        "rest": hexadecimal(one.data[HEADER:], OCTETS),
        "facts": Markup("").join(_fact(fact) for fact in facts(one)),
        "fields": fields,
    }


def _fact(fact: Fact) -> Markup:
    return _FACT % (_LEAK % {"leak": fact.leak, "text": fact.text} if fact.leak else fact.text)


def _fields(one: Heard) -> Markup:
    made = []
    for number, field in enumerate(one.fields()):
        if number == MOST_FIELDS:
            break
        words: object = shown(field.words, 400)
        if field.leak:
            words = Markup('<span class="se-leak">leak · %s</span> %s') % (field.leak, words)
        octets = hexadecimal(field.octets, 4) or "none"
        made.append(_FIELD % {"octets": octets, "name": field.name, "words": words})
    return _FIELDS % Markup("").join(made)


def joined(pieces: Iterable[Fact]) -> Markup:
    """The sentence of what was learnt, its leaks set apart."""
    return Markup("").join(
        Markup('<b class="se-leak">%s</b>') % piece.text if piece.leak else escape(piece.text)
        for piece in pieces
    )
