"""Ports tried for real: what becomes of a message on this port, with this TLS, with or without a login?

`try_way` carries one way out with the standard library's client, dialled through the lab, and tells in
Steps how far it came; wrong ways too. What the right way would have been says `mail.ports`; this module
gives no advice.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address

from ..mail.errors import LabError
from ..mail.ports import Situation, Trial, Way, Who, Whom
from ..mail.transcript import Transcript, wait_until
from ..mail.verdict import Step
from .client import LabSMTP, LabSMTPS
from .hosts import Rule
from .lab import Lab
from .port_reasons import failure, line, refusal, told

PATIENCE = 1.0  # seconds that a trial waits for a server. Lab: a real client waits for minutes.

PROVIDER, RELAY, EXCHANGER = "mail.acorn.example", "out.relay.example", "mx.birch.example"
ALICE, BOB = "alice@acorn.example", "bob@birch.example"
ACCOUNTS = {PROVIDER: (ALICE, "wonderland"), RELAY: ("acorn@relay.example", "oak")}
NOBODY = (ALICE, "wonderland")  # what a client tries where it has no account

SOURCES: dict[Who, str] = {
    "mail program": "alice.home.example",
    "application": "visitor.example",
    "mail server": PROVIDER,
}
SERVERS: dict[Whom, str] = {"submission server": PROVIDER, "mail exchanger": EXCHANGER, "relay": RELAY}


def ends(situation: Situation) -> tuple[str, str]:
    """The hosts of the lab that play in `situation`: the client's, and the server's.

    The provider's own server has no provider but its relay.
    """
    source, server = SOURCES[situation.who], SERVERS[situation.whom]
    return source, RELAY if source == server else server


def try_way(lab: Lab, situation: Situation, way: Way) -> Trial:
    """Send a message to Bob in `situation` by `way`, and tell what became of it.

    The lab's firewall lets port 25 through or swallows it as `situation` says, for that client and for as
    long as the trial lasts.
    """
    source, server = ends(situation)
    with _network(lab, source, blocked=situation.blocked):
        return try_between(lab, source, server, way)


def try_between(
    lab: Lab, source: str, server: str, way: Way, *, sender: str = ALICE, recipient: str = BOB
) -> Trial:
    """Send a message from the host `source` to `server` by `way`. Raises nothing: failing is a result."""
    return _Try(lab, source, server, way, sender, recipient).run()


@contextlib.contextmanager
def _network(lab: Lab, source: str, *, blocked: bool) -> Iterator[None]:
    """For a while, port 25 is swallowed from `source`, or it is open."""
    rules = lab.network.rules
    before = list(rules)
    address = lab.network.host(source).addresses[0]
    rules[:] = [rule for rule in before if not rule.covers(address, 25)]
    if blocked:
        whole = f"{address}/{ip_address(address).max_prefixlen}"
        rules.append(Rule(whole, 25, "swallow", "this network lets nothing out to port 25"))
    try:
        yield
    finally:
        rules[:] = before


class _Brief(LabSMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(host, port, PATIENCE)


class _BriefTls(LabSMTPS):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(host, port, PATIENCE)


class _Refused(Exception):
    """A reply said no."""


class _Try:
    """One message on its way, or not."""

    def __init__(self, lab: Lab, source: str, server: str, way: Way, sender: str, recipient: str) -> None:
        self._lab, self._way, self._source, self._server = lab, way, source, server
        self._sender, self._recipient = sender, recipient
        self._number = 0  # the client's real port, once it is connected
        self._steps: list[Step] = []
        self._reply = ""

    def run(self) -> Trial:
        before = self._count()
        error = ""
        try:
            self._speak()
            self._lab.settle()
            arrived = self._count() > before
            result = "delivered" if arrived else "accepted"
            there = f": it is in {self._recipient}'s mailbox" if arrived else ""
            self._add("the message", f"{self._reply}{there}", result)
            short = self._reply
        except _Refused:
            result, short = "refused", self._reply
        except (OSError, LabError) as raised:  # smtplib's own errors are OSErrors
            result, error = "failed", told(raised)
            short = self._failed(raised)
        return Trial(
            self._way,
            self._source,
            self._server,
            self._recipient,
            result,  # type: ignore[arg-type]
            short,
            tuple(self._steps),
            error,
            self._transcript(),
        )

    def _count(self) -> int:
        return len(self._lab.mailbox(self._recipient))

    def _add(self, what: str, why: str, result: str, ref: str = "") -> None:
        self._steps.append(Step(what, why, result, ref))

    # what the client does -----------------------------------------------------------------------

    def _speak(self) -> None:
        kind = _BriefTls if self._way.tls == "implicit" else _Brief
        client = kind(
            self._server,
            self._way.port,
            dial=self._dial,
            context=self._lab.tls_context(),
            source=self._source,
        )
        try:
            self._secure(client)
            if self._way.login:
                self._log_in(client)
            self._send(client)
        finally:
            with contextlib.suppress(OSError):
                client.quit()
            client.close()

    def _dial(self, host: str, port: int) -> socket.socket:
        sock = self._lab.network.dial(self._source, host, port)
        self._number = sock.getsockname()[1]
        self._add(f"connect to port {port}", "Somebody listens there.", "accepted")
        return sock

    def _secure(self, client: LabSMTP) -> None:
        if self._way.tls == "starttls":
            client.ehlo()
            code, words = client.starttls()
            if code != 220:  # from Python 3.12 on the client itself raises
                self._refuse("STARTTLS", code, words)
        if self._way.tls == "none":
            self._add("no TLS", "Whoever is on the way reads along.", "softfail", "RFC 3207 §6")
        else:
            first = self._way.tls == "implicit"
            began = "before the first line" if first else "after STARTTLS"
            assert isinstance(client.sock, ssl.SSLSocket)
            self._add("TLS", f"{client.sock.version()} {began}; the certificate is good.", "accepted")

    def _log_in(self, client: LabSMTP) -> None:
        account, password = ACCOUNTS.get(self._server, NOBODY)
        try:
            code, words = client.login(account, password)
        except smtplib.SMTPResponseException as error:
            self._refuse("AUTH", error.smtp_code, error.smtp_error)
        self._add("AUTH", f"{line(code, words)} (as {account})", "accepted")

    def _send(self, client: LabSMTP) -> None:
        client.ehlo_or_helo_if_needed()
        self._ask("MAIL", *client.mail(self._sender))
        self._ask("RCPT", *client.rcpt(self._recipient))
        header = f"From: {self._sender}\r\nTo: {self._recipient}\r\nSubject: A trial\r\n\r\n"
        self._ask("the message", *client.data(f"{header}Sent by {self._way}.\r\n"))

    def _ask(self, what: str, code: int, words: bytes | str) -> None:
        self._reply = line(code, words)
        if code >= 400:
            self._refuse(what, code, words)

    def _refuse(self, what: str, code: int, words: bytes | str) -> None:
        self._reply = line(code, words)
        why, ref = refusal(self._reply)
        self._add(what, f"{self._reply}. {why}".strip(), "refused", ref)
        raise _Refused

    # what became of it --------------------------------------------------------------------------

    def _failed(self, error: Exception) -> str:
        """Say in a step at what the client failed, and why; returns that in a few words."""
        found = failure(error, self._way, connected=bool(self._number), tls_first=self._waits_for_tls())
        self._add(found.what, found.why, "failed", found.ref)
        return found.short

    def _waits_for_tls(self) -> bool:
        try:
            return self._lab.network.tap(self._server, self._way.port).tls is not None
        except LabError:
            return False

    def _transcript(self) -> Transcript | None:
        """The transcript of this connection, once both ends have hung up or a moment is over."""
        if not self._number:
            return None
        find = partial(self._lab._world.transcript_of, self._number)
        wait_until(lambda: (found := find()) is not None and found.closed, PATIENCE)
        return find()
