"""An x-ray record as HTML: a column for each onlooker, a row for each part of envelope and message.

Who sees the reverse-path, who sees Bcc? Each cell has a sign and a word. Below stand the findings, and what
each hop added, removed or changed. It needs no lab, no script and no kernel.
"""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from ..mail.xray import Row, Seen, Xray
from .ladder import script_file
from .theme import hidden, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html
from .xray_parts import breaking

MOST = 200  # rows: a message with more kinds of parts is no use as a table
WORDS: dict[Seen, tuple[str, str]] = {
    "sees": ("●", "sees"),
    "hidden": ("–", "hidden"),
    "absent": ("", "not there"),
}
ROLES = {"program": "the author", "server": "a server", "reader": "a mailbox", "eavesdropper": "a listener"}


def html(xray: Xray) -> Markup:
    """`xray` as one HTML fragment, with its style."""
    verdict = verdict_html(xray.verdict).replace(str(style(VERDICT_STYLE)), "")
    return Markup(
        h.div(".smtplab.smtplab-card.xr-still")[
            style(VERDICT_STYLE, script_file("xray.css")),
            h.div(".xr-scroll", tabindex="0", role="group", aria_label="Who sees what")[_table(xray)],
            Markup(verdict),
        ]
    )


def _table(xray: Xray) -> h.Element:
    width = f"min-width:{116 + 110 * len(xray.viewers)}px"
    return h.table(".xr-table", style=width)[
        h.caption[hidden("Who sees what")],
        h.thead[
            h.tr[
                h.td[hidden("part")],
                (
                    h.th(scope="col", class_="xr-wire" if viewer.role == "eavesdropper" else None)[
                        h.span(".xr-kind")[ROLES[viewer.role], ", in Bcc" if viewer.blind else ""],
                        h.span(".xr-name")[breaking(shown(viewer.who, 100))],
                    ]
                    for viewer in xray.viewers
                ),
            ]
        ],
        h.tbody[(_row(row) for row in xray.rows[:MOST])],
    ]


def _row(row: Row) -> h.Element:
    return h.tr[
        h.th(scope="row")[h.code[breaking(shown(row.name, 100))]],
        (h.td(".xr-cell")[_cell(cell)] for cell in row.cells),
    ]


def _cell(cell: Seen) -> h.Node:
    sign, word = WORDS[cell]
    if cell == "absent":
        return hidden(word)
    return h.span(class_=f"xr-{cell}")[h.span(aria_hidden="true")[f"{sign} "], word]
