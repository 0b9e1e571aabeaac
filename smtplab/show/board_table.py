"""The verdict board's table: every way in which the two checks can come out, under each policy.

Each cell is computed by the engine (`auth.dmarc.combinations`), for the receiver's rule at hand. The message
on the board is marked in it, where it is in it at all.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import htpy as h
from markupsafe import Markup

from ..auth.dmarc.deciding import Receiver
from .theme import hidden, result_chip

if TYPE_CHECKING:
    from ..auth.dmarc import Combination
    from ..auth.judge import Judged

Side = tuple[str, bool]  # a result, and whether its domain aligns with From
SIDES: dict[Side, str] = {
    ("pass", True): "pass, aligned",
    ("pass", False): "pass, not aligned",
    ("fail", False): "no pass",
    ("temperror", True): "no answer",
}
POLICIES = ("none", "quarantine", "reject")
ACTS = {"none": "✓ inbox", "junk": "~ junk folder", "reject": "✕ refused", "discard": "✕ dropped"}
_RESULTS = ("pass", "fail", "temperror")


def table(receiver: Receiver, judged: Judged) -> Markup:
    """All combinations for this rule, folded, with the message at hand marked."""
    here = place(receiver, judged)
    testing = judged.dmarc.testing and here is not None
    return _table(receiver, testing, here)


def place(receiver: Receiver, judged: Judged) -> tuple[Side, Side, str] | None:
    """Where the message stands: SPF, DKIM, and p= as published. None where no cell is about it.

    A cell counts as its own only where the engine came to the same in both.
    """
    verdict = judged.dmarc
    said = verdict.record.tag(verdict.tag) if verdict.record else None
    if said is None or said.value.lower() not in POLICIES:
        return None
    sides = (_spf(judged), _dkim(judged))
    policy = said.value.lower()
    cell = _computed(receiver, verdict.testing).get((*sides, policy))
    if cell is None or (cell.dmarc.result, cell.disposition) != (verdict.result, judged.disposition.result):
        return None
    return (*sides, policy)


def _spf(judged: Judged) -> Side:
    return _side([(judged.spf.result, judged.dmarc.spf_aligned)], waits=judged.dmarc.result == "temperror")


def _dkim(judged: Judged) -> Side:
    aligned = {name.lower() for name in judged.dmarc.aligned_signers}
    found = [(one.result, one.result == "pass" and one.domain.lower() in aligned) for one in judged.dkim]
    return _side(found, waits=judged.dmarc.result == "temperror")


def _side(found: list[Side], *, waits: bool) -> Side:
    """The best of several; an answer that is missing counts where DMARC waits for it."""
    for side in (("pass", True), ("pass", False)):
        if side in found:
            return side
    missing = waits and any(result == "temperror" for result, _ in found)
    return ("temperror", True) if missing else ("fail", False)


@cache
def _computed(receiver: Receiver, testing: bool) -> dict[tuple[Side, Side, str], Combination]:
    from ..auth.dmarc import combinations

    made = combinations(spf=_RESULTS, dkim=_RESULTS, testing=(testing,), receivers=(receiver,))
    cells = {((one.spf, one.spf_aligned), (one.dkim, one.dkim_aligned), str(one.policy)): one for one in made}
    return {key: one for key, one in cells.items() if key[0] in SIDES and key[1] in SIDES}


@cache
def _table(receiver: Receiver, testing: bool, here: tuple[Side, Side, str] | None) -> Markup:
    heads = ["SPF", "DKIM", "DMARC", *(f"p={policy}{' t=y' if testing else ''}" for policy in POLICIES)]
    cells = _computed(receiver, testing)
    note = "The message above is marked." if here else "The message above is none of these: see its steps."
    return Markup(
        h.details(".vb-why.vb-every", data_fold="all")[
            h.summary(data_key="all")["All combinations, for this receiver"],
            h.p(".smtplab-dim")[f"Computed, not written down. {note}"],
            h.div(
                ".sl-scroll", tabindex="0", role="region", aria_label="All combinations", data_key="all-table"
            )[
                h.table(".vb-table")[
                    h.thead[h.tr[(h.th(scope="col")[head] for head in heads)]],
                    h.tbody[(_row(cells, spf, dkim, here) for spf in SIDES for dkim in SIDES)],
                ]
            ],
        ]
    )


def _row(
    cells: dict[tuple[Side, Side, str], Combination],
    spf: Side,
    dkim: Side,
    here: tuple[Side, Side, str] | None,
) -> h.Element:
    mine = "vb-here" if here and here[:2] == (spf, dkim) else None
    result = cells[spf, dkim, POLICIES[0]].dmarc.result
    acts = []
    for policy in POLICIES:
        now = here == (spf, dkim, policy)
        acts.append(
            h.td(class_=[mine, now and "vb-now"])[
                ACTS[cells[spf, dkim, policy].disposition], hidden(" (this message)") if now else None
            ]
        )
    return h.tr[
        h.th(scope="row", class_=mine)[SIDES[spf]],
        h.td(class_=mine)[SIDES[dkim]],
        h.td(class_=mine)[result_chip(result)],
        acts,
    ]
