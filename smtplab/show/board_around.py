"""What stands around the verdict board's picture: cases to begin from, records, what moved, every step.

All of it is markup made by Python: names and records are written by strangers, and are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import htpy as h
from markupsafe import Markup

from ..mail.verdict import compare
from . import comparison
from .board_parts import ACTS, MOST_SIGNATURES, act
from .theme import result_chip, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html
from .verdict_case import Case

if TYPE_CHECKING:
    from ..auth.judge import Judged

_STYLE = Markup(style(VERDICT_STYLE))  # the widget brings it once for all
NAMES = {"receiver": "The receiver"}


def change(before: Judged | None, after: Judged) -> Markup:
    """What moved since the last time, in a line; nothing when nothing did."""
    if before is None:
        return Markup("")
    pairs = [
        ("SPF", before.spf.result, after.spf.result),
        ("DKIM", _all(before), _all(after)),
        ("DMARC", before.dmarc.result, after.dmarc.result),
        ("owner asks", before.dmarc.policy or "nothing", after.dmarc.policy or "nothing"),
        ("receiver", _done(before), _done(after)),
    ]
    moved = [(name, old, new) for name, old, new in pairs if old != new]
    if not moved:
        return Markup(h.p(".vb-moved.smtplab-dim")["Nothing moved."])
    return Markup(
        h.p(".vb-moved")[
            "Moved: ",
            [
                h.span(".vb-move")[f"{name} ", h.del_[shown(old, 60)], " → ", h.ins[shown(new, 60)]]
                for name, old, new in moved
            ],
        ]
    )


def _done(judged: Judged) -> str:
    """What the receiver does, in words and without the sign."""
    words, _ = ACTS.get(judged.disposition.result, (judged.disposition.result, ""))
    return words.lstrip("✓~✕ ")


def difference(before: Judged | None, after: Judged) -> Markup:
    """What went and what came in each check that came out another way, or by another way; to unfold."""
    if before is None:
        return Markup("")
    pairs = [(before.spf, after.spf), *zip(before.dkim, after.dkim, strict=False)]
    pairs += [(before.dmarc, after.dmarc), (before.disposition, after.disposition)]
    found = [compare(old, new) for old, new in pairs]
    drawn = [comparison.html(one, styled=False) for one in found if one.changed]
    if not drawn:
        return Markup("")
    return Markup(
        h.details(".vb-diff", data_fold="diff")[h.summary(data_key="diff")["What moved, step by step"], drawn]
    )


def _all(judged: Judged) -> str:
    return ", ".join(f"{one.result} {one.domain}" for one in judged.dkim[:MOST_SIGNATURES]) or "none"


def reasons(judged: Judged) -> Markup:
    """Every verdict with its steps, to unfold."""
    return Markup(
        h.fragment[
            (
                h.details(".vb-why", data_fold=f"why-{number}")[
                    h.summary(data_key=f"why-{number}")[
                        f"{NAMES.get(verdict.method, verdict.method)}: ",
                        act(verdict.result, "chip")
                        if verdict.method == "receiver"
                        else result_chip(verdict.result),
                        " step by step",
                    ],
                    Markup(verdict_html(verdict).replace(_STYLE, "")),
                ]
                for number, verdict in enumerate(judged.verdicts)
            )
        ]
    )


def names(cases: Sequence[Case], chosen: str) -> Markup:
    """The cases to begin from, as buttons."""
    return Markup(
        h.fragment[
            (
                h.button(
                    ".sl-button",
                    type="button",
                    title=case.note,
                    aria_pressed=str(case.name == chosen).lower(),
                    data_do="case",
                    data_value=case.name,
                    data_key=f"case-{number}",
                )[case.name]
                for number, case in enumerate(cases)
            )
        ]
    )


def records(shown_now: Mapping[str, str], tried: Mapping[str, str]) -> Markup:
    """A box for each name that was asked: the records there, one a line."""
    return Markup(
        h.fragment[
            (
                _record(number, name, text, name in tried)
                for number, (name, text) in enumerate(shown_now.items())
            )
        ]
    )


def _record(number: int, name: str, text: str, tried: bool) -> h.Element:
    rows = max(1, min(4, text.count("\n") + 1 + len(text) // 52))
    return h.label(".vb-record")[
        h.span[
            h.code[shown(name, 200)],
            h.span(".vb-tried")["~ tried, not published"] if tried else None,
        ],
        h.textarea(
            ".sl-field",
            rows=rows,
            spellcheck="false",
            data_name=name,
            data_key=f"record-{number}",
            placeholder="no record",
        )[text],
    ]
