"""Sessions as a notebook has them: stepped through, typed into, looked at and listened to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..mail.errors import LabError
from ..mail.transcript import Transcript
from .base import Base

if TYPE_CHECKING:
    from ..show.capabilities import CapabilityExplorer
    from ..show.eavesdrop import Eavesdropper
    from ..show.ladder import Ladder
    from ..show.script import Step
    from ..show.stepper import Console, Stepper


class Sessions(Base):
    """A lab with pictures of sessions."""

    def ladder(self, transcript: Transcript | None = None) -> Ladder:
        """A transcript, the newest by default, with a panel that explains the line in focus."""
        from ..show.ladder import Ladder

        return Ladder(transcript or self.transcripts[-1], focus=0)

    def eavesdrop(self, transcript: Transcript | None = None, *, secrets: bool = False) -> Eavesdropper:
        """A transcript, the newest by default, as its two ends have it and as a listener on the wire does.

        With `secrets`, passwords said under TLS are shown on the side of the two ends. Raises LabError
        when nothing has been said yet.
        """
        from ..show.eavesdrop import Eavesdropper

        if transcript is None and not self.transcripts:
            raise LabError("Nothing was said in this lab yet: open a session with lab.connect(...) first.")
        return Eavesdropper(transcript or self.transcripts[-1], secrets=secrets)

    def stepper(
        self, host: str, script: Sequence[Step | bytes], *, port: int = 25, source: str | None = None
    ) -> Stepper:
        """A session with `host` to step through: `script` is said line by line, on Next."""
        from ..show.stepper import Stepper

        code, title = self._target(host, port).code, self._title(host, port, source)
        return Stepper(lambda: self.connect(host, port, source), script, code=code, title=title)

    def console(self, host: str, *, port: int = 25, source: str | None = None) -> Console:
        """A session with `host` to type into."""
        from ..show.stepper import Console

        code, title = self._target(host, port).code, self._title(host, port, source)
        return Console(lambda: self.connect(host, port, source), code=code, title=title)

    def capabilities(
        self, host: str, port: int = 25, *, choose: str = "", attempt: bool = False
    ) -> CapabilityExplorer:
        """The extensions of the server on `port` of `host`: turn them on and off, and try each.

        `choose` is the extension that is looked at first; with `attempt` it is tried at once. What is turned
        stays so; an attempt delivers mail to the first mailboxes of the server's domain.
        """
        from ..lab.demonstrations import Stand
        from ..show.capabilities import CapabilityExplorer
        from ..show.capabilities_code import snippets

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

    def save_pcap(
        self, path: str | Path, transcripts: Transcript | Sequence[Transcript] | None = None
    ) -> list[Path]:
        """Save connections, all of them by default, as a capture file for Wireshark, and their TLS keys.

        Returns the files written: `path`, and beside it one with the ending .keys where there was TLS.
        """
        from ..show.pcap import save

        return save(self.transcripts if transcripts is None else transcripts, path)
