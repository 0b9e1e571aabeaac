"""What a mail program does with a message before it submits it, with the standard library's own means."""

from __future__ import annotations

import contextlib
import email
import email.policy
import smtplib
from email.message import EmailMessage


def parse(message: EmailMessage | str | bytes) -> EmailMessage:
    """`message` as the standard library's record, whatever it came as."""
    if isinstance(message, EmailMessage):
        return message
    raw = message.encode() if isinstance(message, str) else message
    return email.message_from_bytes(raw, policy=email.policy.SMTP)


def send(client: smtplib.SMTP, message: EmailMessage) -> None:
    """Send `message` with smtplib. A refusal is no error here: the transcript has the reply."""
    parts = [part for part in message.walk() if part.is_multipart() and not part.get_boundary()]
    for number, part in enumerate(parts):  # set here, because the library would draw them at random
        part.set_boundary(f"=_smtplab_{number}")
    with contextlib.suppress(smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException):
        client.send_message(message)
