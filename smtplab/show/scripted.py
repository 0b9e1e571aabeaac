"""What widgets with a script of their own are made of: parts that the kernel draws, and one way to ask.

The page shows `parts`, markup that Python built and escaped, each in its place. What the reader does comes
as one message ({"do": ...}) and is answered by `_act`, guarded as in `controls`: the widget rests meanwhile,
and a failure is one sentence under it. `code` is what *Show the code* shows. A widget made from this also
has a still form, for a page without a kernel, and a text form, for a terminal.

The ladder and what is built on it have a script of their own; this is for widgets without a dialogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets
from markupsafe import Markup

from . import code_tabs
from .controls import STYLE as CONTROLS_STYLE
from .controls import Notice, guarded
from .ladder import SCRIPT as LADDER_SCRIPT
from .ladder import WIDGET_CSS, script_file
from .theme import CSS
from .verdict import STYLE as VERDICT_STYLE

SCRIPT = LADDER_SCRIPT + code_tabs.SCRIPT + script_file("scripted.js")
STYLE = CSS + VERDICT_STYLE + WIDGET_CSS + CONTROLS_STYLE + script_file("scripted.css")


class Scripted(anywidget.AnyWidget):
    """A widget of parts. A subclass says what is drawn, what is asked for, and what a still page shows."""

    parts = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._notice = Notice()
        self._notice.observe(lambda change: self.set_trait("message", change["new"]), "value")
        self._guard = guarded(self, self._notice, self._settle)
        self.on_msg(self._asked)
        self.add_class(name)

    # What a subclass says ---------------------------------------------------------------------------

    def _draw(self) -> dict[str, Any]:
        """The parts, by the names that the script knows them by."""
        raise NotImplementedError

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        """What to do about a message of the page; None for one that means nothing."""
        raise NotImplementedError

    def _snippets(self) -> Mapping[str, str]:
        """What *Show the code* shows, by tool."""
        return {}

    def _html(self) -> Markup:
        """The widget for a page without scripts."""
        raise NotImplementedError

    # How --------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Tell the page how things stand."""
        with self.hold_sync():
            self.parts = self._draw()
            self.code = str(code_tabs.tabs(self._snippets()))

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        act = self._act(content, buffers)
        self._guard(act or (lambda: None))()  # the page rests once it is answered, be it with nothing

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return bundle | {"text/html": str(self._html()), "text/plain": repr(self)}, metadata
