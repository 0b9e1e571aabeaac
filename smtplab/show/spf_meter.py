"""The lookup meter of an SPF record: ten lookups and what each include takes of them (RFC 7208 §4.6.4).

A bar of cells, one a term that asks the DNS, in the order in which a check comes to them; those of one
include stand together under its name, and from the eleventh on they are over the limit. Below it the same as
a list, with what is inside each include and what is wrong there. It draws `auth.spf.CostTree`.

Positions are per cent, so that the bar fits any width without being drawn again.
"""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from ..auth.spf import Cost, CostTree
from ..auth.spf.asking import MAX_LOOKUPS, MAX_VOIDS
from ..mail.verdict import SIGNS, Tone
from .theme import CLASSES, hidden, shown

MOST = 20  # cells; what is beyond is told in words
TOP, SIZE, BOTTOM = 20, 24, 18  # pixels: the names above the cells, the cells, the words below

_WORDS: dict[str, Tone] = {"permerror": "bad", "temperror": "later", "": "later"}


def meter(tree: CostTree) -> Markup:
    """The bar, a sentence about it, and the list."""
    return Markup(
        h.div(".sb-meter")[
            h.div(".sb-sum")[_sum(tree), _voids(tree), _legend() if tree.total else None],
            bar(tree),
            h.ul(".sb-costs")[(_cost(cost) for cost in tree.root.terms)] if tree.root.terms else None,
        ]
    )


def says(tree: CostTree) -> str:
    """What the bar shows, in words."""
    total = f"{'' if tree.is_complete else 'more than '}{tree.total}"
    if tree.total <= MAX_LOOKUPS:
        left = MAX_LOOKUPS - tree.total
        return f"{total} of {MAX_LOOKUPS} lookups" + (", none is left" if not left else f", {left} left")
    return f"{total} lookups, and {MAX_LOOKUPS} are allowed: permerror from the eleventh on"


def _sum(tree: CostTree) -> h.Element:
    how: Tone = "bad" if tree.total > MAX_LOOKUPS else "later" if tree.total == MAX_LOOKUPS else "good"
    return h.span(class_=f"smtplab-chip sb-chip smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {says(tree)}"]


def _voids(tree: CostTree) -> h.Element | None:
    """How many questions find nothing; of no interest where none does."""
    if not tree.voids:
        return None
    how: Tone = "bad" if tree.voids > MAX_VOIDS else "later"
    words = f"{SIGNS[how]} {tree.voids} of {MAX_VOIDS} void lookups"
    return h.span(class_=f"smtplab-chip sb-chip smtplab-{CLASSES[how]}")[words]


def _legend() -> h.Element:
    """What the two kinds of cells mean."""
    return h.span(".sb-legend")[
        h.i(".sb-own-key", aria_hidden="true"),
        "a term of the record ",
        h.i(".sb-inner-key", aria_hidden="true"),
        "inside an include",
    ]


def bar(tree: CostTree) -> h.Element:
    """The cells: ten at least, as many as are used, no more than `MOST`."""
    count = max(MAX_LOOKUPS, min(tree.total, MOST))
    width = 100 / count
    cells = [
        _cell(number, width, number <= tree.total, _is_first(tree, number)) for number in range(1, count + 1)
    ]
    names = [_name(cost, width) for cost in tree.root.terms if cost.number <= count]
    at = f"{MAX_LOOKUPS * width:.3f}%"
    limit = h.g(".sb-limit")[
        h.line(x1=at, x2=at, y1=str(TOP - 4), y2=str(TOP + SIZE + BOTTOM - 2)),
        h.text(x=at, y=str(TOP + SIZE + 14), dx="-5", text_anchor="end")[f"the limit: {MAX_LOOKUPS}"],
    ]
    more = tree.total - count
    beyond = h.text(".sb-beyond", x="100%", y=str(TOP + SIZE + 14), text_anchor="end")[f"{more} more"]
    label = says(tree) + "".join(
        f"; {_range(cost)}: {shown(cost.text, 80)}" for cost in tree.root.terms[:MOST]
    )
    return h.svg(".sb-bar", width="100%", height=str(TOP + SIZE + BOTTOM), role="img", aria_label=label)[
        names, cells, limit, beyond if more > 0 else None
    ]


def _is_first(tree: CostTree, number: int) -> bool:
    """Whether the lookup with this number is that of a term of the record itself, not one inside."""
    return any(cost.number == number for cost in tree.root.terms)


def _cell(number: int, width: float, used: bool, own: bool) -> h.Element:
    """One lookup: free, used by a term of the record or by what is inside it, or over the limit."""
    over = number > MAX_LOOKUPS
    kind = "over" if over else "free" if not used else "own" if own else "inner"
    left = f"{(number - 1) * width:.3f}%"
    middle = f"{(number - 0.5) * width:.3f}%"
    words = f"{SIGNS['bad']} {number}" if over else str(number)
    return h.g(class_=f"sb-cell sb-{kind}")[
        h.svg(x=left, y=str(TOP), width=f"{width:.3f}%", height=str(SIZE))[
            h.rect(x="1", y="1", width="100%", height=str(SIZE - 2), rx="3", transform="scale(.96 1)")
        ],
        h.text(x=middle, y=str(TOP + 16), text_anchor="middle")[words],
    ]


def _name(cost: Cost, width: float) -> h.Element:
    """The name of one term above its cells; what has no room there is cut off by the picture itself."""
    room = f"{max(cost.total, 1) * width - 0.8:.3f}%"
    return h.svg(
        x=f"{(cost.number - 1) * width:.3f}%", y="0", width=room, height=str(TOP), overflow="hidden"
    )[
        h.text(".sb-name", x="2", y="13")[_short(cost.text)],
        h.line(".sb-span", x1="1", x2="100%", y1=str(TOP - 2), y2=str(TOP - 2)),
    ]


def _short(term: str) -> str:
    """A term without the word that most of them begin with."""
    return shown(term.lstrip("+").removeprefix("include:"), 60)


def _range(cost: Cost) -> str:
    return f"{cost.number} to {cost.running}" if cost.running > cost.number else str(cost.number)


def _cost(cost: Cost) -> h.Element:
    """One term, with those inside it to unfold."""
    line = _line(cost)
    if not cost.terms:
        return h.li[h.div(".sb-cost")[line]]
    key = f"cost-{cost.number}"
    return h.li[
        h.details(data_fold=key)[
            h.summary(".sb-cost", data_key=key)[line], h.ul(".sb-costs")[(_cost(each) for each in cost.terms)]
        ]
    ]


def _line(cost: Cost) -> list[h.Node]:
    over = cost.running > MAX_LOOKUPS
    count = f"{cost.total} {'lookup' if cost.total == 1 else 'lookups'}"
    return [
        h.span(class_=["sb-which", over and "sb-no"])[hidden("lookups "), _range(cost).replace(" to ", "–")],
        h.code[shown(cost.text, 200)],
        h.span(".sb-count")[count],
        _wrong(_WORDS[cost.result], cost.problem, cost.ref) if cost.problem else None,
        _wrong("bad", f"past the limit of {MAX_LOOKUPS}", "RFC 7208 §4.6.4") if cost.is_over else None,
    ]


def _wrong(how: Tone, why: str, ref: str) -> h.Element:
    return h.span(".sb-wrong")[
        h.span(class_=f"sb-{CLASSES[how]}")[f"{SIGNS[how]} "],
        shown(why, 300),
        [" ", h.span(".smtplab-ref")[ref]] if ref else None,
    ]
