"""How the records show themselves in a notebook, though mail/ knows no HTML.

`register` tells IPython which renderer draws which record, by the record's name: nothing is imported
before the first record is displayed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import htpy as h
from markupsafe import Markup

from ..mail.line import Line, shown
from ..mail.reply import Reply
from ..mail.route import Route
from ..mail.text import visible
from ..mail.transcript import Side
from .theme import chip, style

_HTML = {
    ("smtplab.mail.transcript", "Transcript"): "ladder.html",
    ("smtplab.mail.verdict", "Verdict"): "verdict.html",
    ("smtplab.mail.verdict", "Comparison"): "comparison.html",
    ("smtplab.mail.reply", "Reply"): "register.reply_html",
    ("smtplab.mail.line", "Line"): "register.line_html",
    ("smtplab.mail.certificate", "Certificate"): "certificate.html",
    ("smtplab.mail.capability", "Trials"): "capabilities.trials_html",
    ("smtplab.mail.received.hops", "Chain"): "tracer_still.html",
    ("smtplab.mail.received.record", "Received"): "tracer_still.received_html",
    ("smtplab.mail.route", "Route"): "register.route_html",
    ("smtplab.mail.view", "View"): "reader.view_html",
    ("smtplab.mail.xray.record", "Xray"): "xray_record.html",
    ("smtplab.mail.history", "History"): "queue_board.history_html",
    ("smtplab.auth.dmarc.reports.record", "Report"): "dmarc_report.html",
    ("smtplab.auth.dmarc.reports.record", "Reports"): "dmarc_report.reports_html",
}
_SVG = {
    ("smtplab.mail.transcript", "Transcript"): "ladder.svg",
    ("matplotlib.figure", "Figure"): "dmarc_figure.svg",  # until pyplot is imported, which draws them its way
}
_PLAIN = {
    ("smtplab.mail.transcript", "Transcript"): "register.text",
    ("smtplab.mail.verdict", "Verdict"): "register.text",
    ("smtplab.mail.verdict", "Comparison"): "register.text",
    ("smtplab.mail.reply", "Reply"): "register.text",
    ("smtplab.mail.line", "Line"): "register.line_text",
    ("smtplab.mail.certificate", "Certificate"): "register.text",
    ("smtplab.mail.capability", "Trials"): "register.text",
    ("smtplab.mail.received.hops", "Chain"): "tracer_still.text",
    ("smtplab.mail.received.record", "Received"): "tracer_still.received_text",
    ("smtplab.mail.route", "Route"): "register.route_text",
    ("smtplab.mail.view", "View"): "register.text",
    ("smtplab.mail.xray.record", "Xray"): "register.text",
    ("smtplab.mail.history", "History"): "queue_table.history_text",
    ("smtplab.auth.dmarc.reports.record", "Report"): "register.text",
    ("smtplab.auth.dmarc.reports.record", "Reports"): "register.text",
}


def register(ipython: Any = None) -> None:
    """Register the renderers with `ipython` (the running shell when None; without one, nothing happens)."""
    if ipython is None:
        from IPython import get_ipython

        ipython = get_ipython()
    if ipython is None:
        return
    formatters = ipython.display_formatter.formatters
    for media, renderers in (("text/html", _HTML), ("image/svg+xml", _SVG), ("text/plain", _PLAIN)):
        for (module, name), where in renderers.items():
            formatters[media].for_type_by_name(module, name, _renderer(where, pretty=media == "text/plain"))


def _renderer(where: str, *, pretty: bool) -> Any:
    """The function at `where`, fetched when it is first needed, in the form that IPython calls."""
    module, _, name = where.partition(".")

    def render(record: Any) -> str:
        return str(getattr(import_module(f".{module}", __package__), name)(record))

    def render_pretty(record: Any, printer: Any, cycle: bool) -> None:
        printer.text(render(record))

    return render_pretty if pretty else render


def text(record: Any) -> str:
    """A record as its own words tell it, for a terminal."""
    return str(record)


def route_html(route: Route) -> Markup:
    """A routing decision: its verdict, with every question that it asked."""
    from .verdict import html

    return html(route.verdict)


def route_text(route: Route) -> str:
    """A routing decision, for a terminal."""
    return route.verdict.text()


def line_text(line: Line) -> str:
    """Who said it, and what."""
    return f"{'client' if line.side is Side.CLIENT else 'server'}: {shown(line)}"


def reply_html(reply: Reply) -> Markup:
    """A reply: its code with sign and colour, and each of its lines."""
    return Markup(
        h.div(".smtplab")[
            style(),
            chip(reply.code, reply.enhanced),
            " ",
            [[h.br if number else "", h.code[visible(said)]] for number, said in enumerate(reply.lines)],
        ]
    )


def line_html(line: Line) -> Markup:
    """A line of a dialogue: who said it, and what."""
    who = "client" if line.side is Side.CLIENT else "server"
    said = h.code[shown(line)] if line.reply is None or line.secret else h.code[visible(line.reply.text)]
    code = chip(line.reply.code, line.reply.enhanced) if line.reply else None
    return Markup(h.div(".smtplab")[style(), h.span(".smtplab-dim")[who], " ", code, " ", said])
