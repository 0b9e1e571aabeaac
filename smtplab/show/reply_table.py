"""Who uses a number how: the table of the reply desk, in which collisions are marked by a word and a sign.

Left stands what the number of the reply means to each, right how each says that a thing failed like this.
"""

from __future__ import annotations

import re

import htpy as h

from ..mail.reply_desk import Explained
from ..mail.reply_desk.failures import Wording
from ..mail.reply_desk.uses import RELATIONS, Use


def table(made: Explained) -> h.Element | None:
    number = made.found.enhanced or made.found.noted
    said = _by_who(made.elsewhere)
    uses: dict[str, list[Use]] = {}
    for use in made.uses:
        uses.setdefault(_short(use.who), []).append(use)
    names = sorted({**uses, **said}, key=lambda name: not name.startswith("RFC"))
    if not names:
        return None
    title = f"Who uses {number} how" if uses else "How the receivers say it"
    cause = made.failures[0].group if said else ""
    return h.section(".rd-uses")[
        h.h3[
            title,
            h.span(".smtplab-chip.smtplab-later.rd-collides")["≠ this number collides: read the words"]
            if made.collides
            else None,
        ],
        h.div(".sl-scroll", tabindex="0", role="group", aria_label=title)[
            h.table[
                h.thead[
                    h.tr[
                        h.th(scope="col")["Who"],
                        h.th(scope="col")["This number means"] if uses else None,
                        h.th(scope="col")[f"For “{cause}” they say"] if said else None,
                    ]
                ],
                h.tbody[
                    (
                        h.tr[
                            h.th(scope="row")[name],
                            h.td(data_label="This number means")[_used(uses.get(name, []))] if uses else None,
                            h.td(data_label="They say")[_said(said.get(name, []))] if said else None,
                        ]
                        for name in names
                    )
                ],
            ]
        ],
    ]


def _short(who: str) -> str:
    """An RFC without its section, so that what it registers and what it words stand in one row."""
    return who.partition(" §")[0]


def _by_who(wordings: tuple[Wording, ...]) -> dict[str, list[Wording]]:
    found: dict[str, list[Wording]] = {}
    for wording in wordings:
        found.setdefault(wording.who, []).append(wording)
    return found


def _used(uses: list[Use]) -> h.Node:
    if not uses:
        return h.span(".smtplab-dim")["–"]
    return [
        h.div[
            f"{use.meaning}{' (reported)' if use.reported else ''} ",
            h.span(".smtplab-ref")[f"{use.who} "] if use.relation == "registered" else None,
            h.span(class_=["smtplab-chip", "rd-relation", _RELATION[use.relation]])[
                f"{RELATIONS[use.relation][0]} {RELATIONS[use.relation][1]}"
            ],
        ]
        for use in uses
    ]


_RELATION = {
    "registered": "smtplab-plain", "same": "smtplab-plain", "other": "smtplab-later", "own": "smtplab-plain",
    "wide": "smtplab-plain",
}  # fmt: skip


def _said(wordings: list[Wording]) -> h.Node:
    """What one of them says: what has the same words stands together."""
    if not wordings:
        return h.span(".smtplab-dim")["–"]
    numbers: dict[tuple[str, bool], list[str]] = {}
    for wording in wordings:
        number = _NUMBER.match(wording.reply)
        begins = number.end() if number else 0
        numbers.setdefault((wording.reply[begins:], wording.reported), []).append(
            wording.reply[:begins].strip()
        )
    return [
        h.div[
            h.code[f"{' or '.join(found)} {words}"],
            h.span(".smtplab-dim")[" (reported)"] if reported else None,
        ]
        for (words, reported), found in numbers.items()
    ]


_NUMBER = re.compile(r"(?:[0-9]{3}|[0-9.]{5,9}| )+")
