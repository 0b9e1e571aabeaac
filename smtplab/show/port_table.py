"""The ports of a server as a table in which every cell was measured.

What is each port for, what does it ask of TLS, who may use it? The words of a cell come from the trials in
it, and each trial can be unfolded below: what the client did, and what was said. It needs neither script
nor kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import htpy as h
from markupsafe import Markup

from ..mail.dialogue import text as as_text
from ..mail.ports import Cell, PortRow, Trial
from ..mail.text import visible
from ..mail.verdict import SIGNS, tone
from .port_chooser import PORTS_CSS
from .port_lines import is_mismatch
from .theme import CLASSES, hidden, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

HEADS = {"use": "Use", "encryption": "Encryption", "who": "Who may use it"}
RACE = "What was said differs from run to run: who speaks first is a matter of luck. `.transcript` has it."


class PortTable:
    """The table. `table[587].encryption` is a cell, with its words and its trials."""

    def __init__(self, rows: Iterable[PortRow]) -> None:
        self.rows = tuple(rows)

    def __getitem__(self, port: int) -> PortRow:
        for row in self.rows:
            if row.port == port:
                return row
        raise KeyError(f"{port}: the table has {', '.join(str(row.port) for row in self.rows)}")

    def _repr_html_(self) -> str:
        return str(html(self.rows))

    def __repr__(self) -> str:
        return text(self.rows)


def cells(row: PortRow) -> dict[str, Cell]:
    """The cells of a row by the name of their column."""
    return {"use": row.use, "encryption": row.encryption, "who": row.who}


def trials(row: PortRow) -> list[Trial]:
    """Every trial of a row once: one trial may stand in several cells."""
    return list({id(trial): trial for cell in cells(row).values() for _, trial in cell.trials}.values())


def html(rows: Iterable[PortRow]) -> Markup:
    """The table, and below it each port's trials to unfold."""
    given = tuple(rows)
    servers = ", ".join(dict.fromkeys(shown(row.server) for row in given))
    return Markup(
        h.div(".smtplab.smtplab-card.pt-card")[
            style(VERDICT_STYLE, PORTS_CSS),
            h.div(".pt-scroll", tabindex="0", role="group", aria_label="The ports")[
                h.table(".pt-table")[
                    h.caption(".smtplab-hidden")[f"The ports of {servers}, as measured"],
                    h.thead[h.tr[(h.th(scope="col")[head] for head in ("Port", *HEADS.values()))]],
                    h.tbody[(_row(row) for row in given)],
                ]
            ],
            h.div(".pt-behind")[
                h.p(".smtplab-dim")[f"Measured on {servers}."], (_behind(row) for row in given)
            ],
        ]
    )


def _row(row: PortRow) -> h.Element:
    return h.tr[h.th(scope="row")[str(row.port)], (h.td[_cell(cell)] for cell in cells(row).values())]


def _cell(cell: Cell) -> Iterator[h.Node]:
    yield h.p(".pt-words")[
        h.span(class_=f"smtplab-chip smtplab-{CLASSES[cell.how]}")[SIGNS[cell.how]], " ", shown(cell.words)
    ]
    yield h.ul(".pt-trials")[(h.li[_trial(label, trial)] for label, trial in cell.trials)]


def _trial(label: str, trial: Trial) -> list[h.Node]:
    how = tone(trial.result)
    return [
        h.span(class_=f"pt-mark smtplab-{CLASSES[how]}", aria_hidden="true")[SIGNS[how]],
        hidden(f"{trial.result}: "),
        f"{shown(label)}: ",
        h.span(".pt-short")[_short(trial)],
    ]


def _short(trial: Trial) -> str:
    """The outcome without the part of a reply that tells nothing here: the queue's id."""
    return shown(trial.short.partition(", queued as")[0])


def _behind(row: PortRow) -> h.Element:
    made = trials(row)
    return h.details[
        h.summary[f"Port {row.port}: {len(made)} trials, and what was said in each"],
        (_unfolded(trial) for trial in made),
    ]


def _unfolded(trial: Trial) -> h.Element:
    how = tone(trial.result)
    verdict = verdict_html(trial.verdict()).replace(str(style(VERDICT_STYLE)), "")
    return h.details[
        h.summary[
            h.span(class_=f"smtplab-chip smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {trial.result}"],
            f" {shown(str(trial.way))}, from {shown(trial.client)} for {shown(trial.recipient)}",
        ],
        Markup(verdict),
        h.pre(tabindex="0")[_said(trial)],
    ]


def _said(trial: Trial) -> str:
    if trial.transcript is None:
        return "No connection came about, so nothing was said."
    if is_mismatch(trial.transcript):
        return RACE
    return as_text(trial.transcript)


def text(rows: Iterable[PortRow]) -> str:
    """The table for a terminal."""
    lines = []
    for row in rows:
        lines.append(f"port {row.port} of {visible(row.server)}")
        for name, cell in cells(row).items():
            lines.append(f"  {HEADS[name]}: {SIGNS[cell.how]} {visible(cell.words)}")
            lines += [
                f"    {SIGNS[tone(trial.result)]} {visible(label)}: {_short(trial)}"
                for label, trial in cell.trials
            ]
    return "\n".join(lines)
