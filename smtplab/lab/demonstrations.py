"""One port of a running server, its extensions as switches, and real clients that try them.

`Stand` is what the capability explorer drives: it reads and turns the switches, asks for the list (EHLO in
clear, EHLO under TLS, HELO), and makes the attempts of `trials`, each with the extension offered and
without. The clients are the standard library's smtplib and the lab's own Session.

A switch is turned for good, an attempt only for as long as it runs. Attempts deliver real mail, to the first
mailboxes of the server's domain.
"""

from __future__ import annotations

import contextlib
import smtplib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..mail.capability import Figure, Offer, Result, Switch, Trial, Trials
from ..mail.dialogue import lines
from ..mail.errors import LabError
from ..mail.reply import Reply
from ..mail.transcript import Transcript, wait_until
from .cast import CAST, VISITOR
from .client import Session
from .mta import EXTENSIONS
from .trials import TRIALS

if TYPE_CHECKING:
    from .lab import Lab

SENDER = "alice@acorn.example"
PATIENCE = 1.0  # seconds that an attempt waits for the tap to see the end of a connection

# What to see in an attempt: by the code of the reply that refused it, or by the result.
Notes = Mapping[int | Result, str]


class Stand:
    """`port` of `host` in `lab`. Raises LabError when no MTA runs there."""

    def __init__(self, lab: Lab, host: str, port: int = 25) -> None:
        self.lab, self.port = lab, port
        self.host = lab.network.tap(host, port).host.name
        self.mta = lab.mta(self.host)
        actor = next(actor for actor in CAST if actor.name == self.host)
        self.service = next(service for service in actor.services if service.port == port)
        self.account = actor.accounts[0] if actor.accounts and self.service.auth else ("", "")
        usual = lab.network.host(lab.usual_source(port)).name
        self.source = VISITOR.name if usual == self.host else usual
        self.sender = self.account[0] or SENDER

    # the switches -----------------------------------------------------------------------------------

    def switches(self) -> list[Switch]:
        """Every extension that the server knows or offers, and whether it is on."""
        offered = self.mta.extensions
        known = [*EXTENSIONS, *(keyword for keyword in offered if keyword not in EXTENSIONS)]
        return [Switch(keyword, keyword in offered, self._note(keyword)) for keyword in known]

    def switch(self, keyword: str, on: bool) -> None:
        """Turn an extension on or off. Sessions that are open learn of it by their next EHLO, if at all."""
        if keyword not in {switch.keyword for switch in self.switches()}:
            raise LabError(f"{self.host} knows no extension {keyword!r}.")
        left = [each for each in self.mta.extensions if each != keyword]
        known = {each: place for place, each in enumerate(EXTENSIONS)}
        self.mta.extensions[:] = sorted(
            [*left, *[keyword] * on], key=lambda each: known.get(each, len(known))
        )

    def _note(self, keyword: str) -> str:
        """Why this port offers `keyword` never, or not at first; "" where it offers what is on."""
        if keyword == "AUTH":
            if not self.service.auth:
                return "never on this port: users log in on 587 and 465"
            return (
                "" if self.service.tls == "implicit" else "only under TLS, and until the client has logged in"
            )
        if keyword == "STARTTLS":
            if self.service.tls == "implicit":
                return "never on this port: TLS is on from the first byte"
            return "only in clear" if self.mta.context else "never on this port: there is no certificate"
        return ""

    # the list -----------------------------------------------------------------------------------------

    def offer(self) -> Offer:
        """Ask for the list: one session with EHLO, STARTTLS and EHLO again, and one with HELO."""
        hello = f"EHLO {self.source}"
        with self.connect() as session:
            first = session.send(hello)
            if self.service.tls == "implicit":
                offer = Offer(None, first, None, "TLS is on from the first byte")
            else:
                started = session.starttls()
                again = session.send(hello) if started.code == 220 else None
                offer = Offer(first, again, None, "" if again else f"STARTTLS got {started}")
            session.send("QUIT")
        with self.connect() as session:
            helo = session.send(f"HELO {self.source}")
            session.send("QUIT")
        return Offer(offer.clear, offer.tls, helo, offer.why)

    # the attempts -------------------------------------------------------------------------------------

    def attempt(self, keyword: str) -> Trials:
        """Try the extension, with it offered and without. Raises LabError where there is nothing to try."""
        if keyword not in TRIALS:
            raise LabError(f"There is nothing to try for {keyword}. There is for: {', '.join(TRIALS)}.")
        found = {}
        for offered in (True, False):
            with self._offering(keyword, offered):
                found[offered] = tuple(TRIALS[keyword](self, offered))
        return Trials(keyword, found[True], found[False])

    @contextlib.contextmanager
    def _offering(self, keyword: str, on: bool) -> Iterator[None]:
        before = list(self.mta.extensions)
        try:
            self.switch(keyword, on)
            yield
        finally:
            self.mta.extensions[:] = before

    def trial(
        self,
        client: str,
        what: str,
        act: Callable[[], object],
        notes: Notes,
        figures: Callable[[Transcript], tuple[Figure, ...]] = lambda transcript: (),
    ) -> Trial:
        """Do `act`, which opens one connection here, and tell what came of it."""
        said = ""
        before = self.lab.transcripts[-1].number if self.lab.transcripts else 0
        try:
            act()
        except (OSError, LabError) as error:  # smtplib's errors are OSErrors
            said = str(error)
        transcript = self._ended(before)
        reply = settling(transcript)
        if reply and reply.code >= 400:
            return Trial(
                client, what, "refused", transcript, reply, "", notes.get(reply.code, ""), figures(transcript)
            )
        result: Result = "not sent" if said else "accepted"
        reply = None if said else reply
        return Trial(
            client, what, result, transcript, reply, said, notes.get(result, ""), figures(transcript)
        )

    def _ended(self, before: int) -> Transcript:
        """The first transcript of this port after number `before`, once its connection has ended."""
        mine = [
            transcript
            for transcript in self.lab.transcripts
            if transcript.number > before
            and (transcript.server.host, transcript.server.port) == (self.host, self.port)
        ]
        if not mine:
            raise LabError(f"No connection to {self.host} port {self.port} came about.")
        wait_until(lambda: mine[0].closed, PATIENCE)
        return mine[0]

    # the clients --------------------------------------------------------------------------------------

    def dial(self) -> smtplib.SMTP:
        """smtplib, connected."""
        dial = self.lab.smtp_ssl if self.service.tls == "implicit" else self.lab.smtp
        return dial(self.host, self.port, source=self.source)

    def connect(self) -> Session:
        """The lab's own client, connected."""
        return self.lab.connect(self.host, self.port, source=self.source)

    @contextlib.contextmanager
    def smtplib(self) -> Iterator[smtplib.SMTP]:
        """smtplib, once it has said EHLO and, on a port for submission, gone under TLS and logged in."""
        client = self.dial()
        try:
            client.ehlo()
            if self.service.submission and self.service.tls != "implicit":
                client.starttls()
                client.ehlo()
            if self.service.submission:
                client.login(*self.account)
            yield client
        finally:
            with contextlib.suppress(OSError):
                client.quit()
            client.close()

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The lab's own client, under TLS and logged in where `smtplib` is; EHLO is left to the caller."""
        with self.connect() as session:
            if self.service.submission:
                secret = "\0".join(("", *self.account)).encode()
                if self.service.tls != "implicit":
                    session.say(f"EHLO {self.source}", "STARTTLS")
                session.say(f"EHLO {self.source}", f"AUTH PLAIN {b64encode(secret).decode()}")
            yield session

    @property
    def recipients(self) -> list[str]:
        """The mailboxes of the server's own domain that need no SMTPUTF8."""
        return [box for box in self.mta.store.boxes if box.isascii()]


def settling(transcript: Transcript) -> Reply | None:
    """The reply that settled an attempt: the last refusal, else the last one that is not small talk."""
    replies = [line for line in lines(transcript) if line.kind == "reply" and line.reply]
    refused = [line.reply for line in replies if line.reply and line.reply.code >= 400]
    done = [line.reply for line in replies if line.verb not in ("EHLO", "HELO", "QUIT", "RSET", "NOOP")]
    return (refused or done or [None])[-1]
