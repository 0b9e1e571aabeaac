"""Snippets of code as tabs in a widget, and as parts to unfold in a page without scripts.

It only shows what `show.code` made; it does not know what a snippet does.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import htpy as h
from markupsafe import Markup

from ..mail.text import visible

_STEPPER = files(__package__).joinpath("stepper.js").read_text(encoding="utf-8")
# The script's `tabs(place, start, chosen)`, for a widget that is no stepper.
SCRIPT = "function tabs" + _STEPPER.partition("function tabs")[2].partition("export default")[0]


def tabs(snippets: Mapping[str, str]) -> Markup:
    """Snippets by name as tabs, for a script to bring to life; without one, all are shown in turn."""
    if not snippets:
        return Markup("")
    return Markup(
        h.fragment[
            h.div(".sl-tabs", role="tablist", aria_label="The same session with")[
                (h.button(type="button", role="tab", tabindex="0")[visible(name)] for name in snippets)
            ],
            (
                h.div(".sl-code", role="tabpanel", aria_label=visible(name))[
                    h.button(".sl-button.sl-copy", type="button")["Copy"],
                    h.pre(tabindex="0")[visible(text, keep="\n")],
                ]
                for name, text in snippets.items()
            ),
        ]
    )


def html(snippets: Mapping[str, str]) -> Markup:
    """Snippets by name for a page without scripts: each can be unfolded."""
    return Markup(
        h.fragment[
            (
                h.details[
                    h.summary[f"The same with {visible(name)}"], h.pre(tabindex="0")[visible(text, keep="\n")]
                ]
                for name, text in snippets.items()
            )
        ]
    )
