"""TLS on the way out: what does an MTA do about STARTTLS before it hands a message on?

The levels are Postfix's. "none" never asks for TLS. "may" is opportunistic (RFC 7435): TLS where it is
offered, without looking at the certificate, and clear text where it is not or where it fails, because mail
in clear is what there was before. "encrypt" wants TLS, whoever is at the other end, and "verify" wants the
host's own certificate from a CA that it trusts; what they do not get makes the message wait.

"verify" holds the certificate against the name that the MX record gave, and DNS can lie: a policy that the
receiver publishes (RFC 8461 MTA-STS, RFC 7672 DANE) is not here.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from typing import Literal, get_args

import aiosmtplib

from ..mail.errors import LabError
from ..mail.text import visible
from ..mail.verdict import Step
from .patience import Patience

Level = Literal["none", "may", "encrypt", "verify"]

SUBMISSIONS = 465  # TLS from the first octet on (RFC 8314 §3.3)
_BROKEN = (ssl.SSLError, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError)


def checked(level: Level) -> Level:
    """`level` itself. Raises LabError when there is no such level."""
    if level not in get_args(Level):
        raise LabError(f"There is no TLS level {level!r}. There are: {', '.join(get_args(Level))}.")
    return level


class TlsFailed(Exception):
    """The message cannot go over this connection. `in_clear`: it may go over another one, in clear."""

    def __init__(self, why: str, *, in_clear: bool = False) -> None:
        super().__init__(why)
        self.in_clear = in_clear


class Outbound:
    """TLS on one outgoing connection to `host`. `step` says what was decided, as soon as something is.

    `context(check)` gives a client's TLS context, one that checks certificates or one that does not, which
    nobody changes.
    `broken` says that TLS with this host has failed a moment ago: go on in clear.
    """

    def __init__(
        self, host: str, level: Level, context: Callable[[bool], ssl.SSLContext], *, broken: bool = False
    ) -> None:
        self.host = host
        self.level = level
        self.context = context(level == "verify")
        self.broken = broken
        self.step: Step | None = None

    async def connect(self, client: aiosmtplib.SMTP, patience: Patience) -> None:
        """Read the greeting, under TLS if the port is one of implicit TLS. Raises TlsFailed."""
        if not client.use_tls:
            await patience.reply("", client.connect())
            return
        try:
            await patience.reply("", client.connect())
        except aiosmtplib.SMTPConnectError as error:
            if not isinstance(error.__cause__, ssl.SSLError):
                raise
            raise self._failed(error.__cause__) from None
        self._secured("is there from the first octet on", "RFC 8314 §3.3")

    async def start(self, client: aiosmtplib.SMTP, patience: Patience) -> None:
        """After EHLO: ask for TLS, or go on without, or raise TlsFailed."""
        if client.use_tls:
            return
        if self.broken:
            self._clear("TLS has just failed")
        elif self.level == "none":
            self._clear("TLS is not asked for")
        elif not client.supports_extension("STARTTLS"):
            await self._do_without(client, f"{self.host} does not offer it")
        else:
            await self._ask(client, patience)

    async def _ask(self, client: aiosmtplib.SMTP, patience: Patience) -> None:
        try:
            await patience.reply("STARTTLS", client.starttls(tls_context=self.context))
        except aiosmtplib.SMTPResponseException as refused:
            if refused.code == 421:  # RFC 5321 §3.8: the session is over
                raise
            said = f"{refused.code} {visible(refused.message)}"
            await self._do_without(client, f"{self.host} refuses it with {said}")
        except _BROKEN as error:
            raise self._failed(error, patience.note) from None
        else:
            await patience.reply("EHLO", client.ehlo())
            self._secured("was offered", "RFC 3207 §4.2")

    async def _do_without(self, client: aiosmtplib.SMTP, why: str) -> None:
        """There is no TLS to be had here, and the session is alive."""
        if self.level == "may":
            self._clear(why)
            return
        with contextlib.suppress(aiosmtplib.SMTPException):
            await client.quit()
        self._decided(f"{why}, so the message waits", "delayed", "RFC 3207 §4")
        # RFC 3463 §3.8: 4.7.4 means that the other end lacks what the message needs.
        raise TlsFailed(f"4.7.4 TLS is required, but {why}")

    def _failed(self, error: Exception, why: str = "") -> TlsFailed:
        """The handshake failed, and the session with it; `why` if that is known better."""
        reason = why or getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
        reason = visible(reason).rstrip(".")
        why = f"TLS with {self.host} failed: {reason}"
        if self.level == "may":
            # Lab: at once. Postfix of today lets the message wait for a while before it goes in clear.
            self._decided(f"{reason}, so once more in clear", "delayed", "RFC 7435 §4")
            return TlsFailed(why, in_clear=True)
        self._decided(f"{reason}, so the message waits", "delayed", "RFC 3207 §4.1")
        # RFC 3463 §3.8: 4.7.5 is a cryptographic failure, a certificate that does not hold among them.
        return TlsFailed(f"4.7.5 {why}")

    def _clear(self, why: str) -> None:
        ref = "RFC 3207 §4" if self.level == "none" else "RFC 7435 §4"
        self._decided(f"{why}, so it goes in clear", "none", ref)

    def _secured(self, how: str, ref: str) -> None:
        if self.level == "verify":
            self._decided(f"it {how}, and the certificate is {self.host}'s, from a trusted CA", "pass", ref)
        else:
            ref = "RFC 7435 §4" if self.level == "may" else ref
            self._decided(f"it {how} and is used, whoever's certificate that is", "neutral", ref)

    def _decided(self, why: str, result: str, ref: str) -> None:
        self.step = Step(f"TLS level {self.level}", why, result, ref)
