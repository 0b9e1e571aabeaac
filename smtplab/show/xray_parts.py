"""The envelope x-ray's drawing: the table, and what each cell means.

A column for each place, a row for each thing that could be read there. What came, went or changed since the
place before has a sign and a word; the words of a cell are explained beside the table when it has the focus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import htpy as h
from markupsafe import Markup

from ..mail.letter import Journey, Kind, Stop
from ..mail.text import visible
from .theme import hidden, lock, shown
from .xray_cells import Cell, Row
from .xray_words import BODY, MAIL, PLACES, RCPT, SEEN, explained

MARKS = {"added": "+ added", "removed": "− removed", "changed": "≠ changed", "leak": "✕ left in"}
KINDS: dict[Kind, str] = {
    "program": "the author",
    "mta": "a server",
    "wire": "a listener",
    "mailbox": "a mailbox",
}
LABELS = {MAIL: "reverse-path", RCPT: "forward-paths", BODY: "", SEEN: "whose address is here"}
PARTS = {
    "envelope": "Envelope: what SMTP says",
    "header section": "Message: its header section",
    "body": "Message: its body",
    "recipients": "Who can be read as a recipient",
}
SHORT, LONG = 60, 2000  # characters of a value in a cell, and beside the table

_BY = re.compile(r"\bby\s+(\S+)", re.IGNORECASE)


def name(stop: Stop) -> str:
    """A place as its column calls it."""
    return stop.name if stop.kind != "wire" else f"the wire to {stop.name.rpartition(' → ')[2]}"


def grid(journey: Journey, rows: Sequence[Row], *, live: bool = False) -> Markup:
    """The table. With `live`, each cell has a key and can have the focus."""
    head = h.tr(role="row" if live else None)[
        _td(live, "corner")[hidden("what can be read")],
        (_place(stop, number, live) for number, stop in enumerate(journey.stops)),
    ]
    width = f"min-width:{116 + 124 * len(journey.stops)}px"
    return Markup(
        h.table(".xr-table", role="grid" if live else None, aria_label="Who sees what", style=width)[
            h.thead(role="rowgroup" if live else None)[head],
            (_part(part, rows, journey.stops, live) for part in PARTS),
        ]
    )


def _part(part: str, rows: Sequence[Row], stops: Sequence[Stop], live: bool) -> h.Element:
    width = str(len(stops) + 1)
    return h.tbody(role="rowgroup" if live else None)[
        h.tr(".xr-part", role="row" if live else None)[
            h.th(colspan=width, scope="colgroup", role="columnheader" if live else None)[PARTS[part]]
        ],
        (_row(number, row, stops, live) for number, row in enumerate(rows) if row.part == part),
    ]


def _td(live: bool, key: str, head: bool = False, **more: Any) -> h.Element:
    made = h.th if head else h.td
    if not live:
        return made(**more)
    role = {"role": "columnheader" if more.get("scope") == "col" else "rowheader" if head else "gridcell"}
    return made(tabindex="-1" if key != "corner" else None, data_cell=key, **role, **more)


def _place(stop: Stop, number: int, live: bool) -> h.Element:
    return _td(live, f"place-{number}", True, scope="col", class_=f"xr-{stop.kind}")[
        h.span(".xr-kind")[KINDS[stop.kind]], h.span(".xr-name")[breaking(shown(name(stop), 100))]
    ]


def _row(number: int, row: Row, stops: Sequence[Stop], live: bool) -> h.Element:
    return h.tr(role="row" if live else None)[
        h.th(scope="row", role="rowheader" if live else None)[
            h.code[shown(row.name, SHORT)], h.span(".xr-aside")[LABELS.get(row.name, "")]
        ],
        (
            _td(live, f"{number}-{place}", class_=f"xr-cell xr-is-{cell.mark}")[list(_inside(row, cell))]
            for place, (cell, stop) in enumerate(zip(row.cells, stops, strict=True))
        ),
    ]


def _inside(row: Row, cell: Cell) -> Iterator[h.Node]:
    """What stands in a cell: its values in short, and how that is against the place before."""
    if cell.mark == "sealed":
        yield h.span(".xr-sealed")[lock("sealed"), h.span(aria_hidden="true")["sealed"]]
        return
    for number, value in enumerate(cell.values):
        new = number < cell.gained or cell.mark == "changed"
        text = f"= {_short(row.name, value)}" if cell.mark == "same" and row.name != SEEN else ""
        yield h.code(class_="xr-new" if new else None)[text or breaking(_short(row.name, value))]
    if word := _word(row, cell):
        yield h.span(class_="xr-mark smtplab-chip smtplab-no" if cell.mark == "leak" else "xr-mark")[word]
    elif not cell.values:
        yield h.span(".xr-none")[h.span(aria_hidden="true")["·"], hidden("none")]


def _word(row: Row, cell: Cell) -> str:
    if row.name == BODY and cell.mark == "same":
        return "untouched"
    if row.name == SEEN and cell.mark == "leak":
        return "✕ leaks"
    if cell.mark == "added" and len(cell.values) > 1:
        return f"+ {cell.gained} on top"
    return MARKS.get(cell.mark, "")


def _short(row: str, value: str) -> str:
    if row == BODY:
        return f"{len(value.encode('utf-8', 'surrogateescape'))} octets"
    if row == "Received" and (found := _BY.search(value)):
        return shown(f"by {found[1]}", SHORT)
    return shown(value, SHORT)


def breaking(text: str) -> h.Node:
    """`text` with places where a line may end: in front of what follows a dot, an @ or a space."""
    return [[piece, h.wbr] for piece in re.split(r"(?<=[^.@])(?=[.@])", text)]


# What a cell means ----------------------------------------------------------------------------------


def panels(journey: Journey, rows: Sequence[Row]) -> dict[str, str]:
    """What to say about each cell, by its key."""
    found = {
        f"place-{number}": str(_panel(name(stop), "", (), *PLACES[stop.kind]))
        for number, stop in enumerate(journey.stops)
    }
    for number, row in enumerate(rows):
        for place, (cell, stop) in enumerate(zip(row.cells, journey.stops, strict=True)):
            found[f"{number}-{place}"] = str(panel(row, cell, stop))
    return found


def panel(row: Row, cell: Cell, stop: Stop) -> Markup:
    """What one cell holds, as written, and what it means."""
    why, ref = explained(row.name, stop.kind, cell.mark)
    word = "sealed" if cell.mark == "sealed" else _word(row, cell)
    return _panel(f"{row.name}, {name(stop)}", word, cell.values, why, ref)


def _panel(title: str, word: str, values: Sequence[str], why: str, ref: str) -> Markup:
    written = "\n".join(visible(value[:LONG].replace("\r\n", "\n"), keep="\n\t") for value in values)
    return Markup(
        h.fragment[
            h.h3[shown(title, 200)],
            h.p(".xr-word")[word] if word else None,
            h.p[why],
            h.pre(".sl-said", tabindex="0")[written] if values else None,
            h.p(".sl-refs")[ref],
        ]
    )
