"""The lab as a notebook has it: with its pictures. Here lab/ and show/ meet, and nowhere else.

Widgets are loaded when the first one is asked for: a script that only wants a lab starts without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import TYPE_CHECKING

from .lab.delivery import Delivery
from .lab.lab import Lab as BareLab
from .mail.errors import LabError
from .mail.transcript import Transcript

if TYPE_CHECKING:
    from .show.code import Target
    from .show.eavesdrop import Eavesdropper
    from .show.ladder import Ladder
    from .show.map import MailMap
    from .show.script import Step
    from .show.stepper import Console, Stepper


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

    def _target(self, host: str, port: int) -> Target:
        from .show.code import Target

        tap = self.network.tap(host, port)
        address, real = tap.real
        return Target(tap.host.name, address, real, "implicit" if tap.tls else "none", self.ca_file())

    def _title(self, host: str, port: int, source: str | None) -> str:
        return f"{self.network.host(source or self.usual_source(port)).name} → {host}:{port}"
