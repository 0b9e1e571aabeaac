"""The chain tracer: the way of a message as its Received fields tell it, and how much of that is known.

Which hosts do I trust? The boundary between what is known and what is only claimed is a line that the learner
moves; `mail.received.chain` then judges anew, with the hosts above the line trusted. Headers of one's own can
be pasted or opened from a file: they go to the notebook's kernel, which looks nothing up and sends nothing.

It opens no connection. What the lab knows of its hosts is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import traitlets
from markupsafe import Markup

from ..mail.errors import LabError, RecordError
from ..mail.header.field import Message
from ..mail.hosts import Trusted, standing
from ..mail.received.chain import chain
from ..mail.received.hops import Chain, Hop
from ..mail.received.links import writer
from ..mail.text import visible
from ..mail.topology import Topology
from ..mail.verdict import Verdict
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .theme import shown
from .tracer_clauses import KINDS, explanation
from .tracer_code import snippets
from .tracer_input import header_section
from .tracer_map import the_map
from .tracer_rows import ROWS, known_count, rows
from .tracer_still import TRACER_CSS, banner, still, text, why

PASTED = "headers that were pasted"


class Tracer(Scripted):
    """A chain to look at, and a trust boundary to move. `trace`, `paste`, `trust` and `reset` do what the
    controls do.

    `message` is a message, one from a mailbox too, or None to begin with the place for pasting. `trusted` are
    the hosts whose lines are believed; when empty, the host that wrote the newest line: where the message was
    read. `origin` is the expression that gives the octets in the notebook, for *Show the code*.
    """

    _esm = SCRIPT + script_file("tracer.js")
    _css = STYLE + TRACER_CSS + script_file("map.css")

    kinds = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        message: Message | None = None,
        *,
        trusted: Iterable[str] = (),
        topology: Topology | None = None,
        title: str = "",
        origin: str = "",
    ) -> None:
        self._topology = topology or Topology()
        self._first = (message, tuple(trusted), title, origin)
        self.chain: Chain | None = None
        self.trusted: tuple[str, ...] = ()
        self._title = self._origin = ""
        self._head = b""
        super().__init__("smtplab-tracer")
        self.kinds = {name: str(explanation(name)) for name in (*KINDS, "")}
        self.reset()
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def trace(self, message: Message, *, trusted: Iterable[str] = (), title: str = "") -> Chain:
        """Trace another message. Raises LabError, in one sentence, for what has no Received field."""
        return self._trace(header_section(message), tuple(trusted), title, "")

    def paste(self, headers: str) -> Chain:
        """Trace headers that were pasted."""
        return self.trace(headers, title=PASTED)

    def trust(self, lines: int) -> Chain:
        """Trust the hosts that wrote the newest `lines` lines, and have the chain judged anew.

        Whoever trusts a line takes the client of the line above it for its writer, so the addresses of
        those clients are trusted as well.
        """
        hops = self._hops()[: max(0, lines)]
        found = self._judge(hosts(hops))
        known = known_count(found)
        if known < len(hops):
            self._notice.say(_why_not(found, known), "later")
        return found

    def reset(self) -> None:
        """Back to the first message and its boundary."""
        message, trusted, title, origin = self._first
        if message is None:
            self.chain, self.trusted, self._title, self._origin = None, (), "", ""
        else:
            self._trace(header_section(message), trusted, title, origin)

    @property
    def summary(self) -> str:
        """In two sentences: what is known, and what is only claimed."""
        return self._found().summary

    @property
    def verdict(self) -> Verdict:
        """The chain's verdict, with its steps."""
        return self._found().verdict

    # How --------------------------------------------------------------------------------------------

    def _found(self) -> Chain:
        if self.chain is None:
            raise LabError("Nothing is traced yet: paste the headers of a message, or open one.")
        return self.chain

    def _hops(self) -> tuple[Hop, ...]:
        """The hops, the newest first, as many as are drawn."""
        return self._found().header[:ROWS]

    def _trace(self, head: bytes, trusted: tuple[str, ...], title: str, origin: str) -> Chain:
        self._head, self._title, self._origin = head, title, origin
        if not trusted:
            trusted = hosts(chain(head).header[:1])
        return self._judge(trusted)

    def _judge(self, trusted: tuple[str, ...]) -> Chain:
        self.trusted = trusted
        self.chain = chain(self._head, trusted=trusted)
        self._settle()
        return self.chain

    def _draw(self) -> dict[str, Any]:
        again = self._first[0] is not None and self._title != self._first[2]
        if self.chain is None:
            return {"lines": 0, "known": 0, "values": [], "again": again, "open": True}
        hops = self._hops()
        return {
            "lines": len(hops),
            "known": known_count(self.chain),
            "values": [_value(hops, known) for known in range(len(hops) + 1)],
            "again": again,
            "banner": str(banner(self.chain, self._title, self.trusted)),
            "rows": str(rows(self.chain, self._topology, live=True)),
            "map": str(the_map(self.chain, self._topology) or ""),
            "why": str(why(self.chain)),
        }

    def _snippets(self) -> Mapping[str, str]:
        return snippets(self.trusted, self._origin) if self.chain else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "trust", "lines": int(lines)} if self.chain is not None:
                return lambda: self._told(lambda: self.trust(lines))
            case {"do": "paste", "value": str(value)}:
                return lambda: self._told(lambda: self.paste(value))
            case {"do": "file", "value": str(value)} if buffers:
                name = shown(value, 80)
                return lambda: self._told(lambda: self.trace(bytes(buffers[0]), title=f"the file {name}"))
            case {"do": "reset"}:
                return lambda: self._told(self.reset)
        return None

    def _told(self, act: Callable[[], object]) -> None:
        self._notice.clear()
        act()

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        return still(self.chain, self._title, self.trusted, self._topology, self._snippets())

    def __repr__(self) -> str:
        return text(self.chain) if self.chain else "Nothing is traced yet."


def hosts(newest: Sequence[Hop]) -> tuple[str, ...]:
    """Whom one trusts who trusts these lines: their writers, and the clients between them by address.

    Not by that of the host itself, which every host has.
    """
    names = [name for hop in newest if is_host(name := writer(hop.received))]
    clients = [hop.received.ip for hop in newest[:-1]]
    addresses = [str(ip) for ip in clients if ip and standing(ip) != "loopback"]
    return tuple(dict.fromkeys((*names, *addresses)))


def is_host(name: str) -> bool:
    """True for what can be named as a trusted host: no line of a stranger must get further than here."""
    try:
        return bool(name) and name[0] != "." and "/" not in name and bool(Trusted.of([name]))
    except RecordError:
        return False


def _value(hops: Sequence[Hop], known: int) -> str:
    """The boundary's place in words, for a screen reader."""
    if known == 0:
        return f"above all {len(hops)} lines: nothing is known"
    last = visible(hops[known - 1].received.by)[:100] or "a host without a name"
    return f"{known} of {len(hops)} lines known, the last by {last}"


def _why_not(found: Chain, known: int) -> str:
    hop = found.header[known]
    if not is_host(hop.received.by):
        return f"Hop {hop.number} names no host that could be trusted, so trust ends above it."
    return f"Trust ends above hop {hop.number} all the same. {shown(hop.why, 400)}"
