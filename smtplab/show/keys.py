"""Lets widgets be driven by keyboard in a notebook, where JupyterLab has commands on single letters.

One listener on the page keeps plain keys in everything of class `smtplab` (keys.js); shortcuts with Ctrl,
Alt or Cmd and Shift+Enter still reach JupyterLab. And the radio buttons of a question become one group.
Widgets with a script of their own call its `keepKeys`; for those that are made of ipywidgets alone, `keys`
is an invisible widget among their children that does.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import anywidget

SCRIPT = files(__package__).joinpath("keys.js").read_text(encoding="utf-8")


class Keys(anywidget.AnyWidget):
    """Shows nothing. Where it stands, keys stay in the widgets, a question's radio buttons a group."""

    _esm = SCRIPT + "\nexport default { render: ({ el }) => keepPlace(el) };\n"


@cache
def keys() -> Keys:
    """The one such widget of this kernel: it may stand in any number of places."""
    made = Keys()
    made.layout.display = "none"
    return made
