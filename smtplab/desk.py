"""The lab as a notebook has it: with its pictures. Here lab/ and show/ meet, and nowhere else.

Widgets are loaded when the first one is asked for: a script that only wants a lab starts without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .lab.delivery import Delivery
from .lab.lab import Lab as BareLab
from .lab.mailbox import Mail
from .mail.errors import LabError
from .mail.transcript import Transcript

if TYPE_CHECKING:
    from .mail.letter import Letter
    from .mail.ports import Situation, Way
    from .show.capabilities import CapabilityExplorer
    from .show.code import Target
    from .show.eavesdrop import Eavesdropper
    from .show.forge_desk import ForgeDesk
    from .show.ladder import Ladder
    from .show.map import MailMap
    from .show.port_chooser import PortChooser
    from .show.port_table import PortTable
    from .show.reader import MailReader
    from .show.relay_table import PolicyTable
    from .show.script import Step
    from .show.stepper import Console, Stepper
    from .show.tracer import Tracer
    from .show.xray import EnvelopeXray


class ShownDelivery(Delivery):
    """A delivery that shows itself in a notebook: its verdict, with a step for every hop."""

    def _repr_html_(self) -> str:
        from .show.verdict import html

        return str(html(self.verdict()))


class Lab(BareLab):
    """A running mail internet, and the widgets that drive it."""

    def submit(self, message: EmailMessage | str | bytes, user: str = "alice") -> ShownDelivery:
        """As the bare lab's `submit`; the delivery shows itself."""
        return ShownDelivery(super().submit(message, user).transcript, self._items_of)

    def map(self, delivery: Delivery | None = None) -> MailMap:
        """The hosts of the lab. With a `delivery`, the way that its message took."""
        from .show.map import MailMap

        path = delivery.path if delivery else ()
        return MailMap(self.topology(), transcripts=lambda: self.transcripts, path=path)

    def ladder(self, transcript: Transcript | None = None) -> Ladder:
        """A transcript, the newest by default, with a panel that explains the line in focus."""
        from .show.ladder import Ladder

        return Ladder(transcript or self.transcripts[-1], focus=0)

    def eavesdrop(self, transcript: Transcript | None = None, *, secrets: bool = False) -> Eavesdropper:
        """A transcript, the newest by default, as its two ends have it and as a listener on the wire does.

        With `secrets`, passwords said under TLS are shown on the side of the two ends. Raises LabError
        when nothing has been said yet.
        """
        from .show.eavesdrop import Eavesdropper

        if transcript is None and not self.transcripts:
            raise LabError("Nothing was said in this lab yet: open a session with lab.connect(...) first.")
        return Eavesdropper(transcript or self.transcripts[-1], secrets=secrets)

    def stepper(
        self, host: str, script: Sequence[Step | bytes], *, port: int = 25, source: str | None = None
    ) -> Stepper:
        """A session with `host` to step through: `script` is said line by line, on Next."""
        from .show.stepper import Stepper

        code, title = self._target(host, port).code, self._title(host, port, source)
        return Stepper(lambda: self.connect(host, port, source), script, code=code, title=title)

    def console(self, host: str, *, port: int = 25, source: str | None = None) -> Console:
        """A session with `host` to type into."""
        from .show.stepper import Console

        code, title = self._target(host, port).code, self._title(host, port, source)
        return Console(lambda: self.connect(host, port, source), code=code, title=title)

    def capabilities(
        self, host: str, port: int = 25, *, choose: str = "", attempt: bool = False
    ) -> CapabilityExplorer:
        """The extensions of the server on `port` of `host`: turn them on and off, and try each.

        `choose` is the extension that is looked at first; with `attempt` it is tried at once. What is turned
        stays so; an attempt delivers mail to the first mailboxes of the server's domain.
        """
        from .lab.demonstrations import Stand
        from .show.capabilities import CapabilityExplorer
        from .show.capabilities_code import snippets

        stand = Stand(self, host, port)
        code = partial(snippets, self._target(stand.host, port), stand.recipients[0], stand.account)
        return CapabilityExplorer(
            switches=stand.switches,
            switch=stand.switch,
            offer=stand.offer,
            attempt=stand.attempt,
            code=code,
            title=f"{stand.host}:{port}",
            chosen=choose,
            tried=attempt,
        )

    def port_chooser(self) -> PortChooser:
        """Which port, which TLS, a login or none: choose, see the advice, and have the choice carried out."""
        from .lab.port_trials import ends, try_way
        from .show.port_chooser import PortChooser

        return PortChooser(partial(try_way, self), ends=ends, code=self._port_code)

    def _port_code(self, situation: Situation, way: Way) -> dict[str, str]:
        from .lab.port_trials import ACCOUNTS, ALICE, BOB, NOBODY, ends
        from .show.port_code import Sender, snippets

        source, server = ends(situation)
        sender = Sender(situation.who, source, *ACCOUNTS.get(server, NOBODY), ALICE, BOB)
        try:
            target = self._target(server, way.port)
        except LabError:  # nobody listens on that port
            return snippets(None, server, sender, way)
        return snippets(target, server, sender, way)

    def port_table(self) -> PortTable:
        """The ports of Alice's provider, 25, 465 and 587, every cell measured now by real trials.

        Takes about a second, and leaves messages in Alice's and Bob's mailboxes.
        """
        from .lab.port_rows import port_rows
        from .show.port_table import PortTable

        return PortTable(port_rows(self))

    def save_pcap(
        self, path: str | Path, transcripts: Transcript | Sequence[Transcript] | None = None
    ) -> list[Path]:
        """Save connections, all of them by default, as a capture file for Wireshark, and their TLS keys.

        Returns the files written: `path`, and beside it one with the ending .keys where there was TLS.
        """
        from .show.pcap import save

        return save(self.transcripts if transcripts is None else transcripts, path)

    def relay_table(self, host: str) -> PolicyTable:
        """Who may send where through the MTA on `host`: to switch live, and to try for real."""
        from .lab.relay_trials import RelayTrials
        from .show.relay_code import relay_code
        from .show.relay_table import PolicyTable

        trials = RelayTrials(self, host)
        ports = {client.port for client in trials.scene.clients.values()}
        targets = {port: self._target(host, port) for port in ports}
        return PolicyTable(
            trials.scene,
            trials.read,
            trials.change,
            trials.attempt,
            code=lambda setting, scene: relay_code(setting, scene, targets),
        )

    def trace(
        self, message: Mail | bytes | str | None = None, trusted: Iterable[str] | None = None
    ) -> Tracer:
        """The way of a message by its Received fields, and a line to move where trust ends.

        `message` comes from a mailbox, as octets or as text; by default it is the newest of all mailboxes,
        and when there is none, headers can be pasted. `trusted` are the hosts whose lines are believed: by
        default those of the recipient's own domain, or else the host that wrote the newest line. Raises
        LabError for a message without a Received field.
        """
        from .lab.opened import expression, newest, own_hosts
        from .show.tracer import Tracer

        found = newest(self) if message is None else message
        topology = self.topology()
        if not isinstance(found, Mail):
            return Tracer(found, trusted=tuple(trusted or ()), topology=topology)
        return Tracer(
            found.raw,
            trusted=own_hosts(found.recipient.domain) if trusted is None else tuple(trusted),
            topology=topology,
            title=f"to {found.recipient}",
            origin=expression(self, found),
        )

    def forge_desk(self) -> ForgeDesk:
        """Write Received lines of your own, have them delivered to Bob, and see who believes them."""
        from .lab.forging import Forger
        from .show.forge_desk import ForgeDesk
        from .show.script import content

        forger = Forger(self)
        target = self._target(forger.host, 25)
        return ForgeDesk(
            forger.send,
            sources=forger.sources,
            trusted=forger.trusted,
            now=self.clock.now,
            code=lambda source, hello, message: target.code(
                [*forger.script(hello), content(message), "QUIT"]
            ),
        )

    def xray(self, letter: Letter | None = None, *, send: bool = False, **parts: Any) -> EnvelopeXray:
        """A letter with an envelope and header fields that may disagree: send it, and see who sees what.

        The controls begin as `letter` has it, changed in `parts`, which are those of a `mail.letter.Letter`:
        `lab.xray(bcc="erin@birch.example")`. An envelope that is not among them is made of the fields. With
        `send` the letter is sent at once. What is sent is delivered.
        """
        from .lab.posting import ACCOUNT, SUBMISSION, post
        from .mail.letter import changed
        from .show.xray import EnvelopeXray
        from .show.xray_code import snippets

        target = self._target(SUBMISSION, 587)
        code = partial(snippets, target=target, account=ACCOUNT)
        made = EnvelopeXray(partial(post, self), changed(letter, parts), code=code)
        if send:
            made.send()
        return made

    def reader(
        self, message: Mail | EmailMessage | bytes | str, *, name_only: bool = False, origin: str = "message"
    ) -> MailReader:
        """A message as a mail program shows it, beside View Source, in which each field explains itself.

        `message` is one from a mailbox, of which the receiving host's own fields count as evidence, or any
        other. `origin` is the expression that gives its octets in the notebook, for *Show the code*.
        """
        from .show.reader import MailReader

        if isinstance(message, Mail):
            host, box = message.transcript.server.host, str(message.recipient.address)
            return MailReader(
                message.raw,
                trusted=[host],
                name_only=name_only,
                title=f"from the mailbox of {box}",
                origin=origin,
            )
        raw = message.as_bytes() if isinstance(message, EmailMessage) else message
        return MailReader(raw, name_only=name_only, origin=origin)

    def _target(self, host: str, port: int) -> Target:
        from .show.code import Target

        tap = self.network.tap(host, port)
        address, real = tap.real
        return Target(tap.host.name, address, real, "implicit" if tap.tls else "none", self.ca_file())

    def _title(self, host: str, port: int, source: str | None) -> str:
        return f"{self.network.host(source or self.usual_source(port)).name} → {host}:{port}"
