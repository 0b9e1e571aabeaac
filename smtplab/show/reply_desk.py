"""The reply desk: type or paste a reply, and read whose turn it is, what to do, and who uses its number how.

What does this line of my log mean? `mail.reply_desk` finds the reply in what was pasted and explains it; this
draws that: the reply with its parts lit, cards for digits, enhanced code and words, and a table of uses in
which collisions are marked. It asks nobody and opens no connection: it works without a lab.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from ..mail.errors import LabError
from ..mail.reply_desk import Explained, examine
from ..mail.reply_desk.stages import stage
from ..mail.verdict import Verdict
from . import reply_code
from .ladder import script_file
from .reply_examples import EXAMPLES
from .reply_parts import examples, result, still
from .scripted import SCRIPT, STYLE, Scripted

CSS = script_file("reply_desk.css")


class ReplyDesk(Scripted):
    """A desk to read replies at. `explain` and `example` do what the controls do.

    `text` is explained at once, where there is any; `verb` is what it answered, "" to read that from it.
    """

    _esm = SCRIPT + script_file("reply_desk.js")
    _css = STYLE + CSS

    def __init__(self, text: str = "", *, verb: str = "") -> None:
        self.text, self.verb = text, stage(verb)
        self.explained: Explained | None = None
        super().__init__("smtplab-reply-desk")
        if text:
            self.explain(text, verb=verb)
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def explain(self, text: str, *, verb: str = "") -> Verdict:
        """Explain a reply. Raises RecordError for text without one; what was explained before then goes."""
        self.text, self.verb, self.explained = text, stage(verb), None
        try:
            self.explained = examine(text, verb=verb)
        finally:
            self._settle()
        return self.explained.verdict

    def example(self, name: str) -> Verdict:
        """Explain one of the examples."""
        if name not in EXAMPLES:
            raise LabError(f"There is no example {name!r}. There are: {', '.join(EXAMPLES)}.")
        return self.explain(EXAMPLES[name])

    @property
    def verdict(self) -> Verdict:
        """The verdict on what was explained last."""
        if self.explained is None:
            raise LabError("Nothing is explained yet: type or paste a reply, or call explain(text).")
        return self.explained.verdict

    # How --------------------------------------------------------------------------------------------

    def _draw(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "verb": self.verb,
            "examples": str(examples()),
            "result": str(result(self.explained)) if self.explained else "",
        }

    def _snippets(self) -> Mapping[str, str]:
        return reply_code.snippets(self.explained, self.verb) if self.explained else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "example", "value": str(name)}:
                return lambda: self._told(lambda: self.example(name))
            case {"do": "explain", "text": str(text), "verb": str(verb)}:
                return lambda: self._told(lambda: self.explain(text, verb=verb))
        return None

    def _told(self, act: Callable[[], object]) -> None:
        self._notice.clear()
        act()

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        return still(self.explained, self._snippets(), CSS)

    def __repr__(self) -> str:
        return self.explained.verdict.text() if self.explained else "Nothing is explained yet."
