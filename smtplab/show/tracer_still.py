"""A Received chain without a widget: its banner, its rows with each clause explained, and as text.

`html` and `text` show a `Chain` wherever IPython displays one, `received_html` and `received_text` a single
`Received`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import htpy as h
from markupsafe import Markup

from ..mail.received import Received
from ..mail.received.hops import Chain, Hop
from ..mail.text import visible
from ..mail.topology import Topology
from ..mail.verdict import SIGNS, Step, tone
from . import code_tabs
from .ladder import script_file
from .theme import result_chip, shown, style
from .tracer_clauses import LABELS, kind, pieces
from .tracer_delay import words
from .tracer_map import the_map
from .tracer_rows import as_written, rows
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

TRACER_CSS = script_file("tracer.css")
_STYLE = Markup(style(VERDICT_STYLE))  # the widget brings it once for all
TRUSTED = 12  # hosts that are named in the banner


def html(found: Chain) -> Markup:
    """A chain by itself."""
    return still(found, "", (), Topology(), {})


def still(
    found: Chain | None, title: str, trusted: Sequence[str], topology: Topology, code: Mapping[str, str]
) -> Markup:
    """The tracer for a page without scripts."""
    if found is None:
        return Markup(h.div(".smtplab.smtplab-card")[style(), h.p["Nothing is traced yet."]])
    return Markup(
        h.div(".smtplab.smtplab-card.tr-widget.tr-still")[
            style(VERDICT_STYLE, TRACER_CSS, script_file("map.css")),
            banner(found, title, trusted),
            rows(found, topology),
            the_map(found, topology),
            why(found),
            code_tabs.html(code),
        ]
    )


def banner(found: Chain, title: str, trusted: Sequence[str]) -> Markup:
    """What is known and what is only claimed, in two sentences; and whom that relies on."""
    named = ", ".join(shown(name, 100) for name in trusted[:TRUSTED]) or "no host"
    more = f" and {len(trusted) - TRUSTED} more" if len(trusted) > TRUSTED else ""
    return Markup(
        h.div(".tr-banner")[
            result_chip(found.verdict.result, big=True),
            h.div[
                h.p(".tr-summary")[shown(found.summary, 1200)],
                h.p(".smtplab-dim")[
                    f"{shown(title)}: you trust" if title else "You trust", f" {named}{more}."
                ]
                if trusted or title
                else None,
            ],
        ]
    )


def why(found: Chain) -> Markup:
    """The verdict with its steps, to unfold."""
    return Markup(
        h.details(".tr-why", data_fold="why")[
            h.summary(data_key="why")["How this was judged, step by step"],
            Markup(verdict_html(found.verdict).replace(_STYLE, "")),
        ]
    )


def text(found: Chain) -> str:
    """A chain for a terminal, the newest hop first as in the header."""
    lines = [visible(found.summary), ""]
    for place, hop in enumerate(found.header):
        if place == len(found.known):
            lines.append("  - - - trust ends here: what is below is only claimed - - -")
        lines += _hop_text(hop)
    lines += [_step_text(step) for step in found.steps]
    return "\n".join(lines)


def _hop_text(hop: Hop) -> list[str]:
    read = hop.received
    client = [str(read.ip or ""), read.rdns, f"HELO “{read.helo}”" if read.helo else ""]
    word = "known" if hop.known else "claimed"
    said = ", ".join(part for part in client if part) or "the line does not say"
    sealed = {True: "TLS", False: "in clear", None: "TLS not said"}[hop.secure]
    how = f"{read.with_ or 'protocol not said'}, {sealed}"
    head = (
        f"{SIGNS[tone(word)]} {word}  hop {hop.number}: {said} → {read.by or '?'} ({how}; {words(hop.delay)})"
    )
    return [visible(head), *(_step_text(step) for step in hop.steps)]


def _step_text(step: Step) -> str:
    return visible(f"    {SIGNS[tone(step.result)]} {step.what}: {step.why}")


def received_html(received: Received) -> Markup:
    """One Received field: the line, and what each of its clauses means."""
    return Markup(
        h.div(".smtplab.smtplab-card.tr-widget.tr-still")[
            style(TRACER_CSS),
            h.p(".tr-line")[
                h.span(".tr-field")["Received:"],
                (
                    h.span(class_=f"tr-clause tr-is-{name.strip('_')}", title=kind(name).title)[
                        as_written(said)
                    ]
                    if name
                    else as_written(said)
                    for name, said in pieces(received)
                ),
            ],
            h.dl[
                (
                    h.fragment[
                        h.dt[LABELS.get(name, name)],
                        h.dd[h.code[shown(said.strip(), 400)], " ", h.span(".smtplab-dim")[kind(name).title]],
                    ]
                    for name, said in pieces(received)
                    if name
                )
            ],
        ]
    )


def received_text(received: Received) -> str:
    """One Received field for a terminal: a line for each clause."""
    found = [(LABELS.get(name, name), said) for name, said in pieces(received) if name]
    return "\n".join(f"{label:>14}  {shown(' '.join(said.split()))}" for label, said in found)
