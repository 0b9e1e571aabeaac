"""The ladder in SVG: two lifelines, and a row for each thing that was said.

Who spoke, how did it go, was it under TLS, and when? A row stands on the speaker's side and its arrow
points at the listener; a reply has a sign and a colour; under TLS the lifelines are double. Positions
from the left are pixels and positions from the right are per cent, so that the picture fits any width
without being drawn again.

Rows are filled into `Markup` templates: what goes in is escaped, as with htpy, in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

import htpy as h
from markupsafe import Markup

from ..mail.text import visible
from ..mail.transcript import Endpoint, Side
from .rungs import LONGEST, Row, aside, elapsed, label, parts, shortened
from .theme import SHACKLE

LEFT, RIGHT = 92, 28  # pixels from the picture's edges to the lifelines of client and server
INSET = 14  # pixels between a lifeline and the text beside it
CHIP = 66 + 8  # pixels that a reply's code takes at the server's side
CHAR = 7.53  # pixels: a character of 12.5 px monospace
HEAD = 50  # pixels: the names of the two ends
TAIL = 18  # pixels below the last row

# Inside the picture everything is shifted left by RIGHT pixels, so that 100% is the server's lifeline
# and this is the client's.
X = LEFT + RIGHT

_SIGNS = {  # in a box of 10 by 10 pixels; drawn, because fonts differ from machine to machine
    2: "M1 5.5 4 8.5 9 1.5",
    3: "M1 5H9M6 2 9 5 6 8",
    4: "M1 6.5C2.5 2.5 4 3 5 5S7.5 7.5 9 3.5",
    5: "M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5",
}
_LOCK = f'<path d="{SHACKLE}"/><rect x="2" y="5.5" width="8" height="5.5" rx="1.2"/></g>'

# The parts of a row, in pixels from its top. What `draw` fills in is named: %(rest)s.
_WORDS = (
    '<tspan class="sl-verb">%(bold)s</tspan><tspan class="sl-rest">%(rest)s</tspan>'
    '<tspan class="sl-aside">%(aside)s</tspan></text>'
)
_CLIENT = (
    '<line class="sl-wire" x1="120" y1="{y}" x2="100%%" y2="{y}"/>'
    '<circle class="sl-dot" cx="120" cy="{y}" r="2.5"/>'
    f'<text class="sl-text" x="{X + INSET}" y="{{base}}">{_WORDS}'
    '<svg x="100%%" y="{y}" overflow="visible"><path class="sl-tip" d="M0 0-8-4V4Z"/></svg>'
)
_CONTENT = (
    f'<text class="sl-text" x="{X + INSET + 10}" y="{{base}}">{_WORDS}'
    '<svg x="100%%" y="12" overflow="visible"><path class="sl-tip" d="M0 0-8-4V4Z"/></svg>'
)
_CONTENT_BACK = (
    f'<text class="sl-text" x="{X + INSET + 10}" y="{{base}}">{_WORDS}'
    '<path class="sl-tip" d="M120 12l8-4v8Z"/>'
)
_SERVER = (
    '<line class="sl-wire" x1="120" y1="{y}" x2="100%%" y2="{y}"/><path class="sl-tip" d="M120 {y}l8-4v8Z"/>'
    '<svg x="100%%" y="{y}" overflow="visible"><circle class="sl-dot" r="2.5"/>'
    f'<text class="sl-text sl-right" x="{{end}}" y="-7">{_WORDS}{{chip}}</svg>'
)
_CODE = (
    '<g class="sl-chip sl-class{klass}" transform="translate(-66 -21)"><rect width="52" height="18" rx="4"/>'
    '<path d="{sign}" transform="translate(7 4)"/><text x="22" y="13">%(code)03d</text></g>'
)
_BAND = (
    '<line class="sl-band" x1="120" x2="100%%" y1="23" y2="23"/>'
    f'<g class="sl-lock" transform="translate({X - 6} 17)">{_LOCK}'
    f'<svg x="100%%" y="23" overflow="visible"><g class="sl-lock" transform="translate(-6 -6)">{_LOCK}</svg>'
    '<text class="sl-note" x="50%%" y="27" transform="translate(60 0)">%(rest)s</text>'
)


@cache
def _template(kind: str, side: Side, klass: int | None, height: int, option: bool) -> Markup:
    """The row of this kind, still without its words. `klass` is the first digit of a reply's code."""
    y, base = height - 5, {"tls": 27, "data": 16, "fold": 16}.get(kind, height - 12)
    if kind == "tls":
        body = _BAND
    elif kind in ("data", "fold"):
        body = (_CONTENT if side is Side.CLIENT else _CONTENT_BACK).format(base=base)
    elif side is Side.CLIENT:
        body = _CLIENT.format(y=y, base=base)
    else:
        chip = "" if klass is None else _CODE.format(klass=klass, sign=_SIGNS.get(klass, ""))
        body = _SERVER.format(y=y, end=-INSET if klass is None else -CHIP, chip=chip)
    more = ' role="option" tabindex="-1" aria-selected="false" aria-label="%(label)s"' if option else ""
    who = "client" if side is Side.CLIENT else "server"
    return Markup(
        f'<g class="sl-row sl-{kind} sl-{who}" data-line="%(index)d" data-top="%(top)d"'
        f' transform="translate(0 %(top)d)"{more}>%(title)s'
        f'<rect class="sl-hit" x="28" width="100%%" height="{height}"/>'
        f'<text class="sl-time" x="82" y="{base}">%(time)s</text>{body}</g>'
    )


_TITLE = Markup("<title>%s</title>")


def draw(row: Row, room: int, *, option: bool = False, secrets: bool = False) -> Markup:
    """One row. `room` is the pixels between the lifelines; `option` makes it one of a listbox."""
    bold, rest = parts(row, secrets=secrets)
    full, note, reply = bold + rest, aside(row), row.line.reply
    cells = int((room - 2 * INSET - (CHIP if reply else 0)) / CHAR) - len(note)
    rest = shortened(rest, LONGEST if option else max(cells - len(bold), 8))
    bold = shortened(bold, LONGEST if option else cells)
    cut = not option and bold + rest != full
    klass = reply.code // 100 if reply else None
    return _template(row.kind, row.line.side, klass, row.height, option) % {
        "index": row.index,
        "top": row.y,
        "label": label(row, full) if option else "",
        "title": _TITLE % shortened(full, 10 * LONGEST) if cut else "",
        "time": elapsed(row.line.t),
        "bold": bold,
        "rest": rest,
        "aside": note,
        "code": reply.code if reply else 0,
    }


def head(client: Endpoint | None, server: Endpoint | None) -> h.Renderable:
    """The two ends, by name and address, as they stand above their lifelines."""
    return h.g(class_="sl-ends", transform=f"translate(-{RIGHT} 0)")[
        h.text(class_="sl-time", x="82", y="36")["ms"],
        h.text(class_="sl-name", x=str(X - 12), y="20")[_end(client.host) if client else "client"],
        h.text(class_="sl-role", x=str(X - 12), y="36")[
            f"{_protocol(server)} client · {_end(client.address)}" if client else ""
        ],
        h.g(transform="translate(12 0)")[
            h.text(class_="sl-name sl-right", x="100%", y="20")[_end(server.host) if server else "server"],
            h.text(class_="sl-role sl-right", x="100%", y="36")[
                f"{_protocol(server)} server · {_end(server.address)} port {server.port}" if server else ""
            ],
        ],
        h.circle(class_="sl-top", cx=str(X), cy=str(HEAD - 4), r="4"),
        h.circle(class_="sl-top", cx="100%", cy=str(HEAD - 4), r="4"),
    ]


def _protocol(server: Endpoint | None) -> str:
    """What is spoken with this server, by its port."""
    port = server.port if server else 25
    return "POP3" if port in (110, 995) else "IMAP" if port in (143, 993) else "SMTP"


def _end(name: str) -> str:
    """A host's name or address, as much of it as has room beside the other end's."""
    return shortened(visible(name), 40)


def backdrop(rows: Sequence[Row], top: int) -> Iterator[h.Renderable]:
    """What lies behind the rows: the lifelines, double from where TLS begins, and sheets of content."""
    bottom = rows[-1].y + rows[-1].height if rows else top
    ended = bool(rows) and rows[-1].kind == "close"
    end = bottom - 5 if ended else bottom
    veil = next((row.y + 23 for row in rows if row.kind == "tls"), end)
    for x in (str(X), "100%"):
        yield _rail("sl-line", x, top, veil)
        if veil < end:
            yield _rail("sl-cipher", x, veil, end)
            yield _rail("sl-core", x, veil, end)
        if not ended:
            yield _rail("sl-open", x, end, end + TAIL)
    if ended:
        yield h.path(class_="sl-stop", d=f"M{X - 7} {end}h14")
        yield h.svg(x="100%", y=str(end), overflow="visible")[h.path(class_="sl-stop", d="M-7 0h14")]
    for content, run in groupby(rows, key=lambda row: row.kind in ("data", "fold")):
        if content:
            yield from _sheet(list(run))


def _rail(kind: str, x: str, top: int, bottom: int) -> h.Element:
    return h.line(class_=kind, x1=x, x2=x, y1=str(top), y2=str(bottom))


def _sheet(run: list[Row]) -> Iterator[h.Renderable]:
    """The paper on which a message's content stands, from its first line to its last."""
    top, bottom = run[0].y + 1, run[-1].y + run[-1].height - 1
    middle = str((top + bottom) / 2)
    yield h.g(transform="translate(-12 0)")[
        h.line(
            class_="sl-sheet",
            x1=str(X + 24),
            x2="100%",
            y1=middle,
            y2=middle,
            stroke_width=str(bottom - top),
        )
    ]
    yield _rail("sl-margin", str(X + 13), top, bottom)


def cursor(row: Row) -> Iterator[h.Renderable]:
    """The mark behind the focused row of a still picture."""
    middle = str(row.y + row.height / 2)
    yield h.g(transform="translate(-5 0)")[
        h.line(
            class_="sl-focus",
            x1=str(X + 10),
            x2="100%",
            y1=middle,
            y2=middle,
            stroke_width=str(row.height - 2),
        )
    ]
    yield _rail("sl-here", str(X + 7), row.y + 1, row.y + row.height - 1)


def summary(count: int, client: Endpoint | None, server: Endpoint | None) -> str:
    """What the whole picture shows, in one line, for those who can't see it."""
    ends = f"between {client.host} and {server.host} port {server.port}" if client and server else ""
    return visible(
        f"{_protocol(server)} dialogue {ends}: {count} line{'' if count == 1 else 's'}".replace(" :", ":")
    )
