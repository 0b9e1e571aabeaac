"""The SPF builder: from who sends for a domain to a record, and what the record does before it is published.

Who may send, what does it cost, what does it say about this client, and what would change? The learner ticks
boxes or pastes a record, sees each lookup on a meter and each mistake marked, asks for any address, and then
publishes it and has a message sent.

`spf_draft` works it out. What publishes and what sends is handed in: this module opens no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..auth.what_if import Resolve
from ..mail.errors import LabError
from ..mail.verdict import Comparison, Verdict
from . import code_tabs, spf_answers
from .comparison import STYLE as COMPARISON_STYLE
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .spf_draft import Draft
from .spf_meter import meter
from .spf_parts import Client, Sent, Service, change, clients, problem, sent, services, standing, verdict
from .spf_record import record as record_html
from .theme import shown, style
from .verdict import STYLE as VERDICT_STYLE

CSS = COMPARISON_STYLE + script_file("spf_builder.css")

Publish = Callable[[str], object]
Send = Callable[[str, str, str], Sent]
Code = Callable[[Draft], Mapping[str, str]]
TITLES = {
    "record": "The record",
    "meter": "Lookups",
    "verdict": "What it says",
    "change": "What would change",
}


class SpfBuilder(Scripted):
    """A builder for the SPF record of `domain`. `use`, `own`, `nobody`, `write`, `reset`, `ask`, `publish`
    and `attempt` do what the controls do.

    `resolve(name, rdtype)` asks the DNS. `publish(record)` puts the record into it, "" takes it out.
    `send(address, sender, helo)` has a message sent to a receiver from that address. `services` are
    providers to tick, `hosts` clients to choose from, the first one to begin with. `code` makes what *Show
    the code* shows.
    """

    _esm = SCRIPT + script_file("spf_builder.js")
    _css = STYLE + CSS

    domain = traitlets.Unicode().tag(sync=True)
    known = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        domain: str,
        *,
        resolve: Resolve,
        publish: Publish,
        send: Send | None = None,
        services: Sequence[Service] = (),
        hosts: Sequence[Client] = (),
        sender: str = "",
        code: Code | None = None,
    ) -> None:
        self._put, self._deliver, self._code = publish, send, code
        self._kept = ""  # the record before "nobody sends" was ticked
        self.hosts = {host.key: host for host in hosts}
        first = next(iter(self.hosts.values()), Client("", "mail.example", "192.0.2.10"))
        self.draft = Draft(domain, resolve, first.address, sender or f"someone@{domain}", first.host)
        self.services = tuple(self.draft.weighed(service) for service in services)
        self.sent: Sent | None = None
        self._stale = True  # something has changed since it was drawn
        super().__init__("smtplab-spf-builder")
        self.domain = domain
        self.known = [host.address for host in hosts]
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def use(self, key: str, on: bool = True) -> str:
        """Let a service send, or no longer. Raises LabError for one that is not offered."""
        service = next((each for each in self.services if each.key == key), None)
        if service is None:
            raise LabError(
                f"There is no service {key!r}. There are: {', '.join(s.key for s in self.services)}."
            )
        return self.write(spf_answers.with_include(self.record, service.include, on))

    def own(self, networks: str | None = None, *, mx: bool | None = None, rest: str | None = None) -> str:
        """Own addresses and networks, whether the MX hosts send, and what to say about everybody else."""
        record = self.record
        if networks is not None:
            record = spf_answers.with_networks(record, networks)
        if mx is not None:
            record = spf_answers.with_mx(record, mx)
        if rest is not None:
            record = spf_answers.with_rest(record, rest)
        return self.write(record)

    def nobody(self, on: bool = True) -> str:
        """Say that no host sends for the domain; off again brings back the record before."""
        if on:
            self._kept = self.record
            return self.write(spf_answers.NOBODY)
        had = self._kept and not spf_answers.read(self._kept).nobody
        return self.write(self._kept if had else "v=spf1 mx -all")

    def write(self, record: str) -> str:
        """Make `record` the draft. The record in a line of a zone file or of dig is found."""
        self.draft.record = spf_answers.pasted(record)
        self._look()
        return self.record

    def reset(self) -> str:
        """Go back to what is published."""
        self.draft.reset()
        self._look()
        return self.record

    def ask(self, ip: str = "", sender: str | None = None, helo: str | None = None) -> Verdict:
        """May `ip` send with this reverse-path and HELO name, by the draft? Raises LabError for no IP."""
        draft = self.draft
        self._about(ip or draft.ip, draft.sender if sender is None else sender, helo or draft.helo)
        self._look()
        return self.verdict

    def publish(self) -> str:
        """Put the draft into the DNS, in place of what is published; an empty one takes that out."""
        self._put(self.record)
        self._look()
        return self.record

    def attempt(self) -> Sent:
        """Have a message sent from this address for real, and see what the receiver makes of it."""
        if self._deliver is None:
            raise LabError("Nothing here sends messages: make the builder with lab.spf_builder().")
        draft = self.draft
        draft.look()
        if draft.problem:
            raise LabError(draft.problem)
        self.sent, self._stale = self._deliver(draft.ip, draft.sender.strip("<>"), draft.helo), True
        self._settle()
        return self.sent

    @property
    def record(self) -> str:
        """The draft."""
        return self.draft.record

    @property
    def comparison(self) -> Comparison:
        """What publishing would change for this client. Raises LabError where that is no IP address."""
        if self.draft.comparison is None:
            raise LabError(self.draft.problem)
        return self.draft.comparison

    @property
    def verdict(self) -> Verdict:
        """What the draft says about this client. Raises LabError where that is no IP address."""
        return self.comparison.after

    # How --------------------------------------------------------------------------------------------

    def _about(self, ip: str, sender: str, helo: str) -> None:
        self.draft.ip, self.draft.sender, self.draft.helo = ip.strip(), sender.strip(), helo.strip()

    def _look(self) -> None:
        self.sent = None
        self.draft.look()
        self._stale = True
        self._settle()

    def _settle(self) -> None:
        if self._stale:
            super()._settle()
            self._stale = False

    def _draw(self) -> dict[str, Any]:
        draft = self.draft
        answers = spf_answers.read(draft.record)
        used = [domain.lower() for domain in answers.includes]
        return {
            "text": draft.record,
            "networks": ", ".join(answers.networks),
            "mx": answers.mx,
            "rest": answers.rest,
            "nobody": answers.nobody,
            "ip": draft.ip,
            "sender": draft.sender,
            "helo": draft.helo,
            "services": str(services(self.services, used)),
            "standing": str(standing(draft.record, draft.published)),
            "record": str(record_html(draft.record, draft.advice)),
            "meter": str(meter(draft.tree)),
            "clients": str(clients(list(self.hosts.values()), draft.ip)),
            "verdict": str(verdict(draft.comparison.after) if draft.comparison else problem(draft.problem)),
            "change": str(change(None if draft.is_published else draft.comparison)),
            "sent": str(sent(self.sent, not draft.is_published)),
        }

    def _snippets(self) -> Mapping[str, str]:
        return self._code(self.draft) if self._code else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {
                "do": str(do),
                "value": str(value),
                "on": bool(on),
                "text": str(text),
                "ip": str(ip),
                "sender": str(sender),
                "helo": str(helo),
            }:
                act = self._does(do, value, on)
                return act and (lambda: self._told(act, text, (ip, sender, helo)))
        return None

    def _does(self, do: str, value: str, on: bool) -> Callable[[], object] | None:
        """What a control does, by its name."""
        acts: dict[str, Callable[[], object]] = {
            "use": lambda: self.use(value, on),
            "mx": lambda: self.own(mx=on),
            "networks": lambda: self.own(value),
            "rest": lambda: self.own(rest=value),
            "nobody": lambda: self.nobody(on),
            "write": lambda: self.write(self.record),
            "publish": self.publish,
            "reset": self.reset,
            "client": lambda: self._choose(value),
            "ask": self.ask,
            "send": self.attempt,
        }
        return acts.get(do)

    def _choose(self, key: str) -> Verdict:
        host = self.hosts.get(key)
        if host is None:
            raise LabError("There is no such host here: choose one of those that are shown.")
        return self.ask(host.address, helo=host.host)

    def _told(self, act: Callable[[], object], text: str, about: tuple[str, str, str]) -> None:
        """Take over what was typed, whatever comes of it, and then act."""
        self._notice.clear()
        self._about(*about)
        self.draft.record = spf_answers.pasted(text)
        try:
            act()
        except Exception:
            self._look()  # what was typed counts all the same
            raise

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        parts = self._draw()
        titles = [(name, title) for name, title in TITLES.items() if parts[name]]
        return Markup(
            h.div(".smtplab.smtplab-card.sb-widget.sb-still")[
                style(VERDICT_STYLE, CSS),
                h.h3[f"Who may send for {shown(self.draft.domain, 200)}?"],
                h.div(".sb-standing")[Markup(parts["standing"])],
                [h.section(".sb-part")[h.h3[title], Markup(parts[name])] for name, title in titles],
                h.section(".sb-part")[h.h3["What the receiver did"], Markup(parts["sent"])]
                if self.sent
                else None,
                code_tabs.html(self._snippets()),
            ]
        )

    def __repr__(self) -> str:
        return self.draft.text()
