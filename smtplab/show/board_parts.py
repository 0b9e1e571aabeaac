"""The verdict board's picture: two checks, what counts of them, the owner's wish, the receiver's act.

From left to right, as a receiver goes. A link between two stages is whole or broken, in shape and in words.
All names and records in it are written by strangers: they are made visible and escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import htpy as h
from markupsafe import Markup

from ..mail.verdict import SIGNS, Verdict, tone
from .ladder import script_file
from .theme import CLASSES, result_chip, shown
from .verdict_case import Case

if TYPE_CHECKING:
    from ..auth.dmarc import DmarcVerdict
    from ..auth.judge import Judged

BOARD_CSS = script_file("verdict_board.css")
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
    return _stage("The receiver", act(disposition.result), shown(last, 240), end=True)


def act(result: str, size: str = "big") -> h.Element:
    """What the receiver does, as a chip."""
    words, how = ACTS.get(result, (result, CLASSES[tone(result)]))
    return h.span(class_=f"smtplab-{size} smtplab-{how}")[words]


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


def text(case: Case, judged: Judged) -> str:
    """The board for a terminal."""
    told = [
        f"  {SIGNS[tone(each.result)]} {each.result}  {shown(each.method, 60)}: {shown(each.question, 200)}"
        for each in judged.verdicts
    ]
    return "\n".join([f"From: {shown(case.author, 200)}", *told])
