"""The lab as a notebook has it: with its pictures. Here lab/ and show/ meet, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage

from .lab.delivery import Delivery
from .lab.lab import Lab as BareLab
from .show.code import Target
from .show.map import MailMap
from .show.script import Step
from .show.stepper import Console, Stepper
from .show.verdict import html


class ShownDelivery(Delivery):
    """A delivery that shows itself in a notebook: its verdict, with a step for every hop."""

    def _repr_html_(self) -> str:
        return str(html(self.verdict()))


class Lab(BareLab):
    """A running mail internet, and the widgets that drive it."""

    def submit(self, message: EmailMessage | str | bytes, user: str = "alice") -> ShownDelivery:
        """As the bare lab's `submit`; the delivery shows itself."""
        return ShownDelivery(super().submit(message, user).transcript, self._items_of)

    def map(self, delivery: Delivery | None = None) -> MailMap:
        """The hosts of the lab. With a `delivery`, the way that its message took."""
        path = delivery.path if delivery else ()
        return MailMap(self.topology(), transcripts=lambda: self.transcripts, path=path)

    def stepper(
        self, host: str, script: Sequence[Step | bytes], *, port: int = 25, source: str | None = None
    ) -> Stepper:
        """A session with `host` to step through: `script` is said line by line, on Next."""
        title = f"{self._source(source, port)} → {host}:{port}"
        target = self._target(host, port)
        return Stepper(lambda: self.connect(host, port, source), script, code=target.code, title=title)

    def console(self, host: str, *, port: int = 25, source: str | None = None) -> Console:
        """A session with `host` to type into."""
        title = f"{self._source(source, port)} → {host}:{port}"
        target = self._target(host, port)
        return Console(lambda: self.connect(host, port, source), code=target.code, title=title)

    def _target(self, host: str, port: int) -> Target:
        tap = self.network.tap(host, port)
        address, real = tap.real
        return Target(tap.host.name, address, real, "implicit" if tap.tls else "none", self.ca_file())

    def _source(self, source: str | None, port: int) -> str:
        return self.network.host(source or self.usual_source(port)).name
