"""The judge desk for a page without scripts: everything below each other, the commands to unfold.

It draws nothing of its own but the commands: the rest is what the desk shows (`judgement_parts`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import htpy as h
from markupsafe import Markup

from . import code_tabs
from .judgement_input import Found, Given
from .judgement_parts import commands_of, judgement_of, result, top
from .theme import shown, style
from .verdict import STYLE as VERDICT_STYLE


def still(found: Found | None, given: Given, tried: Markup, snippets: Mapping[str, str], css: str) -> Markup:
    """The desk for a page without scripts."""
    return Markup(
        h.div(".smtplab.smtplab-card.jd-desk.jd-still")[
            style(VERDICT_STYLE, css),
            list(_still(found, given, tried)) if found else h.p(".smtplab-dim")["Nothing is judged yet."],
            code_tabs.html(snippets),
        ]
    )


def _still(found: Found, given: Given, tried: Markup) -> Iterator[h.Node]:
    made = judgement_of(found)
    yield top(found)
    if made and made.missing:
        yield h.h3["Not at hand"]
        yield h.p["Run these, and paste what they print."]
        for tool, text in commands_of(made).items():
            yield h.details[h.summary[tool], h.pre(tabindex="0")[shown_lines(text)]]
    yield result(found, given)
    yield tried


def shown_lines(text: str) -> str:
    """Lines made visible, each on a line of its own."""
    return "\n".join(shown(line) for line in text.split("\n"))
