"""The verdict board's picture: two checks, what counts of them, the owner's wish, the receiver's act.

From left to right, as a receiver goes. A link between two stages is whole or broken, in shape and in words.
All names and records in it are written by strangers: they are made visible and escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import htpy as h
from markupsafe import Markup

from ..mail.verdict import SIGNS, Verdict, compare, tone
from . import comparison
from .ladder import script_file
from .theme import CLASSES, result_chip, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html
from .verdict_case import Case

if TYPE_CHECKING:
    from ..auth.dmarc import DmarcVerdict
    from ..auth.judge import Judged

BOARD_CSS = script_file("verdict_board.css")
_STYLE = Markup(style(VERDICT_STYLE))  # the widget brings it once for all
MOST_SIGNATURES = 6
ASKS = {
    "none": "asks for nothing but reports",
    "quarantine": "asks to be suspicious of it",
    "reject": "asks to turn it away",
    "": "asks for nothing: there is no record",
}


def picture(case: Case, judged: Judged) -> Markup:
    """The whole of it for one message."""
    return Markup(
        h.div(".vb-picture")[
            h.p(".vb-author")[
                h.span(".vb-label")["From"],
                h.code[shown(case.author, 200) or "(no From field)"],
                h.span(".smtplab-dim")["what people read"],
            ],
            h.div(".vb-flow")[
                h.ol(".vb-checks")[[h.li[check] for check in _checks(case, judged)]],
                _dmarc(judged),
                _owner(judged),
                _receiver(judged),
            ],
        ]
    )


def _checks(case: Case, judged: Judged) -> list[h.Element]:
    spf = judged.spf
    where = "in MAIL FROM" if case.mail_from else "in EHLO, as MAIL FROM is <>"
    asked = h.p["asked ", h.code[shown(spf.domain, 120) or "nobody"], f", {where}"]
    found = [_check("SPF", spf, asked, judged.dmarc.spf_aligned)]
    for one in judged.dkim[:MOST_SIGNATURES]:
        signer = h.p[
            "signed by ",
            h.code[shown(one.domain, 120) or "nobody"],
            f", key {shown(one.selector, 60)}" if one.selector else None,
            h.br if one.cause else None,
            h.span(".smtplab-dim")[f"cause: {shown(one.cause, 80)}"] if one.cause else None,
        ]
        found.append(_check("DKIM", one, signer, one.result == "pass" and _aligns(judged, one.domain)))
    if not judged.dkim:
        none = h.p(".smtplab-dim")["no signature"]
        found.append(_card("DKIM", "none", none, _link("none", False)))
    if len(judged.dkim) > MOST_SIGNATURES:
        more = h.p[f"{len(judged.dkim) - MOST_SIGNATURES} more signatures"]
        found.append(_card("DKIM", "", more, None))
    return found


def _aligns(judged: Judged, domain: str) -> bool:
    return domain.lower() in {name.lower() for name in judged.dmarc.aligned_signers}


def _check(name: str, verdict: Verdict, detail: h.Element, aligned: bool) -> h.Element:
    return _card(name, verdict.result, detail, _link(verdict.result, aligned))


def _card(name: str, result: str, detail: h.Element, link: h.Element | None) -> h.Element:
    return h.div(".vb-check")[
        h.div(".vb-card")[
            h.div(".vb-title")[h.strong[name], result_chip(result) if result else None],
            detail,
        ],
        link,
    ]


def _link(result: str, aligned: bool) -> h.Element:
    """Does this pass count for From? A whole line for yes, a broken one for no."""
    if aligned:
        return h.div(".vb-link.vb-whole")[h.span["✓ aligned with From"]]
    words = "✕ another domain than From" if result == "pass" else "· no pass, so it cannot count"
    return h.div(".vb-link.vb-broken")[h.span[words]]


def _dmarc(judged: Judged) -> h.Element:
    verdict = judged.dmarc
    return _stage(
        "DMARC",
        result_chip(verdict.result, big=True),
        {
            "pass": "One pass that aligns is enough.",
            "fail": "No pass aligns with From.",
            "none": f"{_whose(verdict)} no DMARC record.",
        }.get(verdict.result, "It could not be decided."),
    )


def _whose(verdict: DmarcVerdict) -> str:
    return "The domain in From has" if verdict.domain else "There is no domain in From, so"


def _owner(judged: Judged) -> h.Element:
    verdict = judged.dmarc
    asks = ASKS.get(verdict.policy, "")
    if verdict.result == "pass":
        asks = "asks for nothing about mail that passes"
    chip = h.span(".smtplab-big.smtplab-plain")[f"p={verdict.policy}" if verdict.policy else "no policy"]
    where = f"_dmarc.{shown(verdict.policy_domain, 120)}" if verdict.policy_domain else ""
    testing = ", t=y: only a test" if verdict.testing else ""
    return _stage("The owner", chip, f"{asks}{testing}", where)


def _receiver(judged: Judged) -> h.Element:
    disposition = judged.disposition
    last = disposition.steps[-1].why if disposition.steps else ""
    return _stage("The receiver", _act(disposition.result), shown(last, 240), end=True)


def _act(result: str, size: str = "big") -> h.Element:
    words, how = ACTS.get(result, (result, CLASSES[tone(result)]))
    return h.span(class_=f"smtplab-{size} smtplab-{how}")[words]


NAMES = {"receiver": "The receiver"}
ACTS = {
    "none": ("✓ inbox", "ok"),
    "junk": ("~ junk folder", "later"),
    "reject": ("✕ refused, 550", "no"),
    "discard": ("✕ taken and dropped", "no"),
}


def _stage(name: str, chip: h.Element, words: str, where: str = "", *, end: bool = False) -> h.Element:
    return h.div(class_=["vb-stage", end and "vb-end"])[
        h.strong[name], chip, h.p[words], h.code(".vb-where")[where] if where else None
    ]


# Around the picture ----------------------------------------------------------------------------------


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
                        _act(verdict.result, "chip")
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
    rows = max(1, min(4, text.count("\n") + 1 + len(text) // 70))
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


def text(case: Case, judged: Judged) -> str:
    """The board for a terminal."""
    told = [
        f"  {SIGNS[tone(each.result)]} {each.result}  {shown(each.method, 60)}: {shown(each.question, 200)}"
        for each in judged.verdicts
    ]
    return "\n".join([f"From: {shown(case.author, 200)}", *told])
