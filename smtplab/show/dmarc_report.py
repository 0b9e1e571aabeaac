"""DMARC aggregate reports as a picture: who sends as me, what passes, and what p=reject would refuse.

One report, or several on the same domain counted together. A bar of all messages, and a table with a row for
each address; what the reader of the file remarked on stands below. Strangers write reports: all texts are
made visible and escaped. For print there is `dmarc_figure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import htpy as h
from markupsafe import Markup

from ..auth.dmarc.reports import Report, Reports, Sender, Summary, summary
from ..auth.dmarc.reports.summary import moment, sentence
from .theme import shown, style
from .verdict import html as verdict_html

SENDERS = 40  # rows of the table; the rest is counted together
BAR = 90  # px of a sender's bar
REMARKS = 20

STYLE = """
.smtplab-dmarc .dr-head{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;margin-bottom:4px}
.smtplab-dmarc .dr-all{display:block;width:100%;height:22px;margin:8px 0 4px;border-radius:4px}
.smtplab-dmarc .dr-bar{display:block;height:10px;border-radius:2px}
.smtplab-dmarc rect{stroke:var(--smtplab-ok);stroke-width:1.5;vector-effect:non-scaling-stroke}
.smtplab-dmarc .dr-both{fill:var(--smtplab-ok)}
.smtplab-dmarc .dr-spf{fill:color-mix(in srgb,var(--smtplab-ok) 45%,var(--smtplab-bg))}
.smtplab-dmarc .dr-dkim{fill:var(--smtplab-ok-bg)}
.smtplab-dmarc rect.dr-fail{fill:var(--smtplab-no);stroke:var(--smtplab-no)}
.smtplab-dmarc.smtplab.smtplab ul.dr-key{display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 10px;padding:0;
 list-style:none}
.smtplab-dmarc .dr-key svg{width:11px;height:11px;margin-right:5px;vertical-align:-1px}
.smtplab-dmarc .dr-scroll{overflow-x:auto}
.smtplab-dmarc.smtplab.smtplab .dr-scroll table{table-layout:auto;width:100%;min-width:640px}
.smtplab-dmarc.smtplab.smtplab tbody th,.smtplab-dmarc.smtplab td{vertical-align:top}
.smtplab-dmarc.smtplab.smtplab thead th{white-space:normal;vertical-align:bottom}
.smtplab-dmarc.smtplab.smtplab tbody th{font-weight:400}
.smtplab-dmarc .dr-look{min-width:200px} .smtplab-dmarc .dr-bar{margin-top:4px}
.smtplab-dmarc .dr-from{min-width:125px;overflow-wrap:anywhere} .smtplab-dmarc th code{white-space:nowrap}
.smtplab-dmarc .dr-notes{margin-top:8px}
"""

# How messages passed -> its class, the sign of the legend, and its words
KINDS = (
    ("both", "✓", "pass by SPF and DKIM"),
    ("spf", "✓", "pass by SPF alone"),
    ("dkim", "✓", "pass by DKIM alone"),
    ("fail", "✕", "do not pass"),
)
HEAD = ("Address", "From", "Messages", "", "SPF", "DKIM", "Pass", "p=reject refuses", "What to look at")
NUMBERS = {"Messages", "SPF", "DKIM", "Pass", "p=reject refuses"}


def html(report: Report | Reports | Iterable[Report]) -> Markup:
    """A report, or several on one domain counted together, as one HTML fragment with no script."""
    given = [report] if isinstance(report, Report) else list(report)
    return Markup(h.fragment[style(STYLE), card(given)])


def reports_html(reports: Reports) -> Markup:
    """Reports as they were sent or found: a card for each policy domain, and where each report went."""
    cards = [card(list(reports.about(domain))) for domain in reports.domains]
    nothing = h.p["There is no report."] if not cards else None
    sent = [verdict_html(verdict) for verdict in reports.destinations]
    return Markup(h.div(".smtplab")[style(STYLE), nothing, cards, sent])


def card(reports: Sequence[Report]) -> h.Element:
    """The reports on one domain. Raises ValueError for none, and for those of several domains."""
    counted = summary(reports)
    return h.section(".smtplab.smtplab-card.smtplab-dmarc", aria_label=f"DMARC reports on {counted.domain}")[
        _head(counted),
        h.p[sentence(counted)],
        _whole(counted) if counted.messages else None,
        h.div(".dr-scroll", tabindex="0", role="region", aria_label="Senders")[_table(counted)],
        _notes(reports),
    ]


def parts(spf: int, dkim: int, passing: int, messages: int) -> tuple[int, int, int, int]:
    """Messages by how they passed, in the order of `KINDS`."""
    both = spf + dkim - passing
    return both, spf - both, dkim - both, messages - passing


def _head(counted: Summary) -> h.Element:
    whose = ", ".join(shown(name, 60) for name in counted.receivers[:4]) or "an unnamed receiver"
    many = f"{counted.reports} reports" if counted.reports > 1 else "Aggregate report"
    period = f"{moment(counted.begin):%Y-%m-%d %H:%M} to {moment(counted.end):%Y-%m-%d %H:%M} UTC"
    return h.div(".dr-head")[
        h.strong[shown(counted.domain, 200)],
        h.code[shown(counted.published, 200)],
        h.span(".smtplab-dim")[f"{many} by {whose}, {period}"],
    ]


def _bar(counts: Sequence[int], whole: int, width: float, height: int, class_: str) -> h.Element:
    """Counts side by side, on a scale where `whole` is all the width. Told in words beside it."""
    at = 0.0
    rects = []
    for (kind, _, _), count in zip(KINDS, counts, strict=True):
        size = width * count / whole if whole else 0.0
        if count:
            rects.append(
                h.rect(x=f"{at:.2f}", y="0", width=f"{size:.2f}", height=str(height), class_=f"dr-{kind}")
            )
        at += size
    return h.svg(
        class_=class_, viewBox=f"0 0 {width:g} {height}", preserveAspectRatio="none", aria_hidden="true"
    )[rects]


def _whole(counted: Summary) -> list[h.Element]:
    counts = parts(counted.spf, counted.dkim, counted.passing, counted.messages)
    key = [
        h.li[
            h.svg(viewBox="0 0 11 11", aria_hidden="true")[
                h.rect(width="11", height="11", rx="2", class_=f"dr-{kind}")
            ],
            f"{sign} {count} {words}",
        ]
        for (kind, sign, words), count in zip(KINDS, counts, strict=True)
    ]
    return [_bar(counts, counted.messages, 600, 22, "dr-all"), h.ul(".dr-key")[key]]


def _table(counted: Summary) -> h.Element:
    most = max((sender.messages for sender in counted.senders), default=0)
    rows = [_row(sender, most) for sender in counted.senders[:SENDERS]]
    if rest := counted.senders[SENDERS:]:
        messages, passing = sum(s.messages for s in rest), sum(s.passing for s in rest)
        rows.append(
            h.tr[
                h.td(colspan="2")[f"{len(rest)} more addresses"],
                _number(messages),
                h.td,
                _number(sum(s.spf for s in rest)),
                _number(sum(s.dkim for s in rest)),
                _number(passing),
                _number(messages - passing),
                h.td,
            ]
        )
    heads = [h.th(".smtplab-number" if name in NUMBERS else "", scope="col")[name] for name in HEAD]
    return h.table[
        h.caption(".smtplab-hidden")["Who sends with this domain in From, and what passes"],
        h.thead[h.tr[heads]],
        h.tbody[rows],
    ]


def _row(sender: Sender, most: int) -> h.Element:
    counts = parts(sender.spf, sender.dkim, sender.passing, sender.messages)
    bar = _bar(counts, most, BAR, 10, "dr-bar")
    refused = f"✕ {sender.failing}" if sender.failing else "✓ 0"
    return h.tr[
        h.th(scope="row")[h.code[shown(sender.source, 60)]],
        h.td(".dr-from")[", ".join(shown(name, 80) for name in sender.header_from)],
        _number(sender.messages),
        h.td(style=f"width:{BAR}px")[bar],
        _number(sender.spf),
        _number(sender.dkim),
        _number(sender.passing),
        h.td(".smtplab-number")[refused],
        h.td(".dr-look")[shown(sender.advice, 300)],
    ]


def _number(number: int) -> h.Element:
    return h.td(".smtplab-number")[str(number)]


def _notes(reports: Sequence[Report]) -> h.Element | None:
    said = dict.fromkeys(remark for report in reports for remark in report.remarks)
    said |= dict.fromkeys(f"the receiver says: {error}" for report in reports for error in report.errors)
    if not said:
        return None
    notes = [h.li[shown(note, 400)] for note in list(said)[:REMARKS]]
    return h.details(".dr-notes")[h.summary[f"About the report itself ({len(said)})"], h.ul[notes]]
