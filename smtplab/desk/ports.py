"""Ports, TLS and relaying as a notebook has them: choose, switch, try for real."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..mail.errors import LabError
from .base import Base

if TYPE_CHECKING:
    from ..mail.ports import Situation, Way
    from ..show.port_chooser import PortChooser
    from ..show.port_table import PortTable
    from ..show.relay_table import PolicyTable


class Ports(Base):
    """A lab with the choosers and tables of ports and relaying."""

    def port_chooser(self) -> PortChooser:
        """Which port, which TLS, a login or none: choose, see the advice, and have the choice carried out."""
        from ..lab.port_trials import ends, try_way
        from ..show.port_chooser import PortChooser

        return PortChooser(partial(try_way, self), ends=ends, code=self._port_code)

    def _port_code(self, situation: Situation, way: Way) -> dict[str, str]:
        from ..lab.port_trials import ACCOUNTS, ALICE, BOB, NOBODY, ends
        from ..show.port_code import Sender, snippets

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
        from ..lab.port_rows import port_rows
        from ..show.port_table import PortTable

        return PortTable(port_rows(self))

    def relay_table(self, host: str) -> PolicyTable:
        """Who may send where through the MTA on `host`: to switch live, and to try for real."""
        from ..lab.relay_trials import RelayTrials
        from ..show.relay_code import relay_code
        from ..show.relay_table import PolicyTable

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
