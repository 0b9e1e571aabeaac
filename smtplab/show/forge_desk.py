"""The forge desk: write Received lines of your own, send them, and see who believes them.

What is handed in sends the message for real, and gives it back as it was delivered. The forged lines come
through untouched, for no relay may change them (RFC 5321 §4.4); what differs is how they are read: see
`forge_readers`. This module opens no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from ..mail.errors import LabError
from ..mail.received.hops import Chain
from . import forge_lines
from .forge_parts import FORGE_CSS, Sent, controls, in_short, result, still
from .forge_readers import Reading, readings
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .tracer_still import TRACER_CSS

Send = Callable[[str, str, bytes], bytes]
Code = Callable[[str, str, bytes], Mapping[str, str]]


class ForgeDesk(Scripted):
    """A desk to forge at. The methods `example`, `write` and `deliver` do what the controls do.

    `send(source, hello, message)` has a message delivered from the host `source`, which calls itself
    `hello`, and returns its octets as delivered. `sources` are the hosts to send from, `trusted` those whose
    lines the recipient may believe, `now` tells the time. `code` makes what *Show the code* shows.
    """

    _esm = SCRIPT + script_file("forge_desk.js")
    _css = STYLE + TRACER_CSS + FORGE_CSS

    def __init__(
        self,
        send: Send,
        *,
        sources: Sequence[str],
        trusted: Sequence[str],
        now: Callable[[], datetime],
        code: Code | None = None,
    ) -> None:
        self._handed_in, self._now, self._code = send, now, code
        self.sources, self.trusted = tuple(sources), tuple(trusted)
        self.source = self.hello = self.sources[0]
        self.written = forge_lines.examples(now())[forge_lines.RELAYED]
        self.sent: Sent | None = None
        super().__init__("smtplab-forge-desk")
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def example(self, name: str) -> None:
        """Put one of the examples on the desk."""
        found = forge_lines.examples(self._now())
        if name not in found:
            raise LabError(f"There is no example {name!r}. There are: {', '.join(found)}.")
        self.write(found[name])

    def write(self, text: str, *, source: str = "", hello: str = "") -> None:
        """Put lines of your own on the desk, and say who sends them under which name."""
        if source and source not in self.sources:
            raise LabError(f"Send from {' or '.join(self.sources)}, not from {source!r}.")
        self.written = text
        self.source = source or self.source
        self.hello = hello or self.hello
        self._settle()

    def deliver(self) -> list[Reading]:
        """Send the message with the lines on the desk, and return what each reader makes of it."""
        forged = forge_lines.lines(self.written)
        hello = forge_lines.hello(self.hello)
        delivered = self._handed_in(self.source, hello, forge_lines.message(forged, self._now()))
        found, read = readings(delivered, len(forged), self.trusted)
        self.sent = Sent(delivered, len(forged), self.source, found, tuple(read))
        self._settle()
        return read

    @property
    def chain(self) -> Chain:
        """The chain of the message that was sent last, as the careful reader has it."""
        if self.sent is None:
            raise LabError("Nothing was sent yet: press Send, or call deliver().")
        return self.sent.chain

    # How --------------------------------------------------------------------------------------------

    def _draw(self) -> dict[str, Any]:
        return {
            "written": self.written,
            "source": self.source,
            "hello": self.hello,
            "sources": list(self.sources),
            "examples": str(controls(list(forge_lines.examples(self._now())))),
            "result": str(result(self.sent)) if self.sent else "",
        }

    def _snippets(self) -> Mapping[str, str]:
        if self._code is None:
            return {}
        try:
            forged = forge_lines.lines(self.written)
            hello = forge_lines.hello(self.hello)
        except LabError:  # what can't be sent has no code
            return {}
        return self._code(self.source, hello, forge_lines.message(forged, self._now()))

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "example", "value": str(name)}:
                return lambda: self._told(lambda: self.example(name))
            case {"do": "send", "text": str(text), "source": str(source), "hello": str(hello)}:
                return lambda: self._told(lambda: self._written_and_sent(text, source, hello))
        return None

    def _written_and_sent(self, text: str, source: str, hello: str) -> None:
        self.write(text, source=source, hello=hello)
        self.deliver()

    def _told(self, act: Callable[[], object]) -> None:
        self._notice.clear()
        act()

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        return still(self.written, self.sent)

    def __repr__(self) -> str:
        return in_short(self.written, self.sent)
