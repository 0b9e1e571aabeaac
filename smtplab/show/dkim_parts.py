"""The parts of the DKIM workbench around the message: changes to make, signatures, keys, remarks.

All that is shown of messages, records and what was pasted was written by strangers: it is made visible and
escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import htpy as h
from markupsafe import Markup

from ..auth.dkim import DkimVerdict, lint_key, lint_signature
from ..mail.verdict import Verdict
from . import dkim_tags, spf_parts
from .dkim_bench import KEYS, Bench
from .dkim_source import CHANGES
from .spf_record import record as marked
from .theme import result_chip, shown

PASTED = 50_000  # characters of what is linted
BODY = ("letter", "body-space", "blank", "footer")


def changes() -> Markup:
    """Buttons, one a change."""
    header = [key for key in CHANGES if key not in BODY]
    return Markup(h.fragment[_group("Header section", header), _group("Body", BODY)])


def _group(title: str, keys: Sequence[str]) -> h.Element:
    return h.div(".dk-group", role="group", aria_label=f"Change the {title.lower()}")[
        h.span(".dk-group-name", aria_hidden="true")[title],
        (_button("change", key, CHANGES[key][0]) for key in keys),
    ]


def _button(press: str, value: str, words: h.Node, pressed: bool | None = None) -> h.Element:
    return h.button(
        ".sl-button",
        type="button",
        value=value,
        data_press=press,
        data_key=f"{press}-{value}",
        aria_pressed=None if pressed is None else "true" if pressed else "false",
    )[words]


def several(verdicts: Sequence[DkimVerdict], number: int) -> Markup:
    """Buttons, one a signature, where there are several; "" where there are not."""
    if len(verdicts) < 2:
        return Markup("")
    return Markup(
        h.div(".dk-group", role="group", aria_label="Which signature")[
            h.span(".dk-group-name", aria_hidden="true")[f"{len(verdicts)} signatures"],
            (
                _button(
                    "signature",
                    str(n),
                    [f"{n + 1}: {shown(one.domain, 60) or 'unreadable'} ", result_chip(one.result)],
                    n == number,
                )
                for n, one in enumerate(verdicts[:10])
            ),
            h.span(".smtplab-dim")[f"and {len(verdicts) - 10} more"] if len(verdicts) > 10 else None,
        ]
    )


def standing(bench: Bench) -> Markup:
    """Whether the message is as it was signed."""
    if not bench.changed:
        return Markup(h.fragment["As it was signed."])
    count = len(bench.message) - len(bench.original)
    size = "the same size" if count == 0 else f"{abs(count)} octets {'more' if count > 0 else 'fewer'}"
    return Markup(h.fragment[h.b["Changed since it was signed"], f": {size}."])


def tags(bench: Bench) -> Markup:
    """The signature's tags, and the key record's."""
    verdict = bench.verdict
    if verdict is None or verdict.signature is None:
        return Markup(h.p["There is no signature that can be read: the steps say why."])
    key = verdict.key
    name = shown(bench.question, 200)
    return Markup(
        h.fragment[
            h.h3["The field DKIM-Signature"],
            dkim_tags.signature(verdict.signature),
            h.h3["The key record at ", h.code[name]],
            dkim_tags.key(key) if key else h.p[f"There is none that could be used: {_no_key(bench)}"],
        ]
    )


def _no_key(bench: Bench) -> h.Node:
    return h.code[shown(bench.record, 300)] if bench.record else "the DNS has no such record."


def steps(verdict: Verdict | None) -> Markup:
    if verdict is None:
        return Markup(h.p["The message has no signature."])
    return spf_parts.verdict(verdict)


def what_if(bench: Bench) -> Markup:
    """Buttons for another DNS, and what it would change."""
    if not bench.question:
        return Markup(h.p["Without a signature that can be read there is no key to ask for."])
    offered: Mapping[str, str] = {key: words for key, words in KEYS.items() if key != "other" or bench.other}
    return Markup(
        h.fragment[
            h.p[
                "What if the DNS had another record at ",
                h.code[shown(bench.question, 200)],
                "? Nothing is published.",
            ],
            h.div(".dk-group", role="group", aria_label="What the DNS might have")[
                _button("key", "", "The key as it is", not bench.key),
                (_button("key", key, words, key == bench.key) for key, words in offered.items()),
            ],
            spf_parts.change(bench.comparison),
        ]
    )


def remarks(pasted: str) -> Markup:
    """What the linter says about a key record or a signature, whichever it looks like."""
    text = pasted[:PASTED]
    if not text.strip():
        return Markup("")
    signature = looks_signed(text)
    advice = lint_signature(text) if signature else lint_key(text)
    what = "a DKIM-Signature field" if signature else "a key record"
    return Markup(
        h.fragment[
            h.p(".dk-read-as")[f"Read as {what}.", _cut(pasted)],
            marked(text, advice),
        ]
    )


def _cut(pasted: str) -> h.Node:
    return f" Only its first {PASTED} characters." if len(pasted) > PASTED else None


def looks_signed(text: str) -> bool:
    """Whether this is a signature rather than a key record."""
    head = text.lstrip()[:15].lower()
    return head == "dkim-signature:" or ("bh=" in text and "b=" in text)
