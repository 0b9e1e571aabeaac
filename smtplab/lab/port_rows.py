"""A server's ports, measured: what is each one for, what does it ask of TLS, and who may use it?

`port_rows` sends messages to every port, in clear, with STARTTLS and with TLS first, logged in or not, from
a home connection and from a mail server, and sums up what came of it. The words follow from the
trials alone: on a server that is set up otherwise they are others.
"""

from __future__ import annotations

from functools import cache

from ..mail.ports import PORTS, Cell, PortRow, Tls, Trial, Way
from ..mail.verdict import Tone
from .lab import Lab
from .port_trials import ALICE, BOB, EXCHANGER, PROVIDER, SOURCES, try_between

HOME, PEER = SOURCES["mail program"], EXCHANGER


def port_rows(lab: Lab) -> tuple[PortRow, ...]:
    """The ports of Alice's provider, 25, 465 and 587, as found out by about six trials each.

    They leave messages in Alice's and Bob's mailboxes. Takes about a second, for one port keeps silent.
    """
    return tuple(_Port(lab, port).row() for port in PORTS)


class _Port:
    """The trials of one port; each is made once, when it is first asked for."""

    def __init__(self, lab: Lab, port: int) -> None:
        self._lab, self._port = lab, port
        self._try = cache(self._made)

    def _made(self, source: str, tls: Tls, login: bool, recipient: str) -> Trial:
        sender = BOB if recipient == ALICE else ALICE
        way = Way(self._port, tls, login)
        return try_between(self._lab, source, PROVIDER, way, sender=sender, recipient=recipient)

    def row(self) -> PortRow:
        return PortRow(self._port, PROVIDER, self._use(), self._encryption(), self._who())

    # what it asks of TLS ------------------------------------------------------------------------

    def _plain(self, tls: Tls) -> Trial:
        """To a user of this server, without a login: what is refused is refused for lack of TLS, or later."""
        return self._try(PEER, tls, False, ALICE)

    def _speaks(self, tls: Tls) -> bool:
        """Whether the port speaks SMTP this way, and does not only ask for TLS."""
        trial = self._plain(tls)
        return trial.result != "failed" and "STARTTLS" not in trial.short

    @property
    def _best(self) -> Tls:
        order: tuple[Tls, ...] = ("implicit", "starttls", "none")
        return next((tls for tls in order if self._speaks(tls)), "none")

    def _encryption(self) -> Cell:
        clear, implicit = self._speaks("none"), self._speaks("implicit")
        words: str
        how: Tone
        if implicit:
            words, how = "TLS first: implicit TLS", "good"
            tried: list[Tls] = ["none", "implicit"]  # STARTTLS would wait for the same greeting
        else:
            tried = ["none", "starttls", "implicit"]
            starttls = self._speaks("starttls")
            words, how = "none that works", "bad"
            if starttls:
                words, how = ("STARTTLS, optional", "later") if clear else ("STARTTLS, required", "good")
            elif clear:
                words = "none"
        names = {"none": "in clear", "starttls": "STARTTLS", "implicit": "TLS first"}
        return Cell(words, how, tuple((names[tls], self._whole(tls)) for tls in tried))

    def _whole(self, tls: Tls) -> Trial:
        """As `_plain`, but logged in where the port asks for that and for nothing else."""
        plain = self._plain(tls)
        asks = plain.short.startswith("530") and self._speaks(tls)
        return self._try(PEER, tls, True, BOB) if asks else plain

    # what it is for -----------------------------------------------------------------------------

    def _use(self) -> Cell:
        local = self._try(PEER, self._best, False, ALICE)
        elsewhere = self._try(PEER, self._best, False, BOB)
        submission = self._try(PEER, self._best, True, BOB)
        words: str
        how: Tone
        if elsewhere.ok:
            words, how = "open relay", "bad"
        elif submission.ok:
            words, how = "submission", "good"
        elif local.ok:
            words, how = "mail between servers", "good"
        else:
            words, how = "takes no mail", "bad"
        trials = (
            ("for its own user, no login", local),
            ("for elsewhere, no login", elsewhere),
            ("for elsewhere, logged in", submission),
        )
        return Cell(words, how, trials)

    # who may use it -----------------------------------------------------------------------------

    def _who(self) -> Cell:
        login = self._try(PEER, self._best, True, BOB).ok
        recipient = BOB if login else ALICE
        home = self._try(HOME, self._best, login, recipient)
        server = self._try(PEER, self._best, login, recipient)
        words: str
        how: Tone
        if home.ok and server.ok:
            words, how = ("whoever logs in" if login else "anybody"), "good"
        elif server.ok:
            words, how = "mail servers, not homes", "good"
        else:
            words, how = ("home connections only" if home.ok else "nobody"), "bad"
        asked = ", logged in" if login else ""
        return Cell(words, how, ((f"from a home{asked}", home), (f"from a mail server{asked}", server)))
