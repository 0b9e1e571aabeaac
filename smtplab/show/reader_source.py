"""View Source: a message as it came, each header field a place of its own, and what each field is.

Fields stand as written, folds and all, with what hides made visible. The explanations come from
`mail.header.read`, which says of each whether it is evidence or a claim.
"""

from __future__ import annotations

from collections.abc import Iterator

import htpy as h
from markupsafe import Markup

from ..mail.header import Field, fields, split
from ..mail.text import decode, encode, visible
from ..mail.verdict import SIGNS, Step, Verdict, tone
from .theme import CLASSES, hidden, shown

FIELDS = 200  # of one message; of each so many characters, and so many of the body
FIELD, BODY = 3000, 10_000

WORDS = {"known": "evidence", "claimed": "a claim", "fail": "not as it should be"}


def source(message: bytes | str, *, live: bool = False) -> Markup:
    """The message as it came. With `live`, each field can have the focus."""
    raw = encode(message) if isinstance(message, str) else message
    known, body = fields(raw), split(raw)[1]
    left = len(known) - FIELDS
    return Markup(
        h.fragment[
            h.div(".mr-source", role="listbox" if live else None, aria_label="The header fields")[
                (_field(number, field, live) for number, field in enumerate(known[:FIELDS]))
            ],
            h.p(".smtplab-dim")[f"… and {left} fields more"] if left > 0 else None,
            h.div(".mr-blank")["the empty line: here the header section ends"],
            h.pre(".mr-body", tabindex="0")[_written(decode(body), BODY)],
        ]
    )


def _field(number: int, field: Field, live: bool) -> h.Element:
    attributes = {"role": "option", "tabindex": "-1", "aria-selected": "false"} if live else {}
    name = f"{field.name}:" if field.is_read else ""
    return h.div(".mr-field", {"data-field": str(number), **attributes})[
        h.b[shown(name, 200)], _written(field.body, FIELD)
    ]


def _written(text: str, limit: int) -> str:
    """Text of several lines, as written, cut at `limit` characters."""
    more = f"… ({len(text) - limit} characters more)" if len(text) > limit else ""
    return visible(text[:limit].replace("\r\n", "\n"), keep="\n\t") + more


# What a field is ------------------------------------------------------------------------------------


def explanations(message: bytes | str, verdict: Verdict) -> list[str]:
    """What to say about each field that is shown, in their order; then about what is missing, if anything."""
    count = min(len(fields(encode(message) if isinstance(message, str) else message)), FIELDS)
    return [str(_explained(step)) for step in verdict.steps[:count]]


def _explained(step: Step) -> Markup:
    name = step.what.partition(":")[0]
    how = tone(step.result)
    return Markup(
        h.fragment[
            h.h3[shown(name, 200)],
            h.p[
                h.span(class_=f"smtplab-chip smtplab-{CLASSES[how]}")[
                    f"{SIGNS[how]} {WORDS.get(step.result, step.result)}"
                ]
            ],
            h.p[shown(_sentence(step.why), 600)],
            h.ul(".mr-inner")[list(_inner(step))] if step.steps else None,
            h.p(".sl-refs")[shown(step.ref)] if step.ref else None,
        ]
    )


def _inner(step: Step) -> Iterator[h.Element]:
    for inner in step.steps[:30]:
        how = tone(inner.result)
        yield h.li[
            h.span(class_=f"smtplab-mark smtplab-{CLASSES[how]}", aria_hidden="true")[SIGNS[how]],
            hidden(f"{inner.result}: ") if inner.result else None,
            h.span[
                h.code[shown(inner.what, 200)],
                f" {shown(inner.why, 400)} ",
                h.span(".smtplab-ref")[shown(inner.ref)] if inner.ref else None,
            ],
        ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
