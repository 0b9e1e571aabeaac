"""What a mail program does with a message before it submits it, with the standard library's own means."""

from __future__ import annotations

import contextlib
import email
import email.policy
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from ..mail.errors import LabError
from ..mail.text import visible
from .credentials import KNOWN, Credentials, nonce


def parse(message: EmailMessage | str | bytes) -> EmailMessage:
    """`message` as the standard library's record, whatever it came as."""
    if isinstance(message, EmailMessage):
        return message
    raw = message.encode() if isinstance(message, str) else message
    return email.message_from_bytes(raw, policy=email.policy.SMTP)


@dataclass(frozen=True, slots=True)
class MailProgram:
    """A user's mail program: the account, its password, where to get a token, and a number that makes its
    nonces."""

    name: str
    password: str
    token: Callable[[str], str]
    number: int

    def submit(self, connect: Callable[[], smtplib.SMTP], message: EmailMessage) -> int:
        """Connect, go on under TLS, log in and send. Returns the real port that the connection came from.

        A refusal is no error here: the transcript has the reply. Raises LabError when the server refuses
        the connection, lacks what the program insists on (TLS, a login, letters beyond ASCII), or shows a
        certificate that does not hold.
        """
        try:
            client = connect()
        except smtplib.SMTPConnectError as error:
            said = f"{error.smtp_code} {visible(error.smtp_error)}"
            later = " Let time pass: lab.clock.advance(minutes=15)." if error.smtp_code == 421 else ""
            raise LabError(f"The submission server refuses the connection: {said}.{later}") from None
        assert client.sock is not None
        port: int = client.sock.getsockname()[1]
        with client:
            try:
                client.starttls()
                if self.log_in(client):
                    send(client, message)
            except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
                raise LabError(
                    f"The mail program stops, and has sent nothing: {visible(str(error))}"
                ) from None
        return port

    def log_in(self, client: smtplib.SMTP) -> bool:
        """Log in, and say whether it worked.

        Only "too weak" (534) makes it go on to the next mechanism: a wrong password is wrong in all.
        """
        client.ehlo_or_helo_if_needed()
        offered = client.esmtp_features.get("auth", "").upper().split()
        for mechanism in (usable := [known for known in KNOWN if known in offered]):
            try:
                client.auth(mechanism, self._credentials(mechanism))
            except smtplib.SMTPAuthenticationError as error:
                if error.smtp_code != 534:
                    return False
            else:
                return True
        if not usable:
            said = " ".join(offered) or "nothing"
            raise LabError(f"The submission server offers no way to log in: AUTH has {visible(said)}.")
        return False

    def _credentials(self, mechanism: str) -> Credentials:
        secret = self.token(self.name) if mechanism == "OAUTHBEARER" else self.password
        return Credentials(mechanism, self.name, secret, nonce=nonce(f"{self.name} {self.number}"))


def send(client: smtplib.SMTP, message: EmailMessage) -> None:
    """Send `message` with smtplib. A refusal is no error here: the transcript has the reply."""
    parts = [part for part in message.walk() if part.is_multipart() and not part.get_boundary()]
    for number, part in enumerate(parts):  # set here, because the library would draw them at random
        part.set_boundary(f"=_smtplab_{number}")
    with contextlib.suppress(smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException):
        client.send_message(message)
