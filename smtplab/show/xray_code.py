"""Show the code of the envelope x-ray: the same letter, with an envelope that its fields know nothing of.

For smtplib, for swaks and for the lab's own client. Every value is quoted for the language that it stands
in. Nothing is run here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ..mail.letter import BODY, Letter
from ..mail.text import visible
from .code import Target

PORTED = ("smtplib", "swaks")  # the snippets that name real ports

_FIELDS = ("from_", "to", "cc", "bcc", "subject")
_NAMES = {"from_": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "subject": "Subject"}


def snippets(letter: Letter, target: Target, account: tuple[str, str]) -> dict[str, str]:
    """Name of the tool -> what to paste, for Alice's submission server at `target`."""
    return {
        "smtplib": smtplib_code(letter, target, account),
        "swaks": swaks_code(letter, target, account),
        "this lab": lab_code(letter, target.host, account),
    }


def _fields(letter: Letter) -> Iterator[tuple[str, str]]:
    for of in _FIELDS:
        if text := str(getattr(letter, of)):
            yield _NAMES[of], text


def smtplib_code(letter: Letter, target: Target, account: tuple[str, str]) -> str:
    """The standard library's client, told both."""
    envelope = f"from_addr={letter.mail_from!r}, to_addrs={list(letter.rcpt_to)!r}"
    lines = ["import smtplib", "import ssl", "from email.message import EmailMessage", ""]
    lines.append("message = EmailMessage()  # what people read")
    lines += [f"message[{name!r}] = {text!r}" for name, text in _fields(letter)]
    lines += [f"message.set_content({BODY!r})", ""]
    lines += [
        f"tls = ssl.create_default_context(cafile={target.ca_file!r})",
        "server = smtplib.SMTP()",
        f"server.connect({target.address!r}, {target.port})  # {target.host}",
        f"server._host = {target.host!r}  # the name that the certificate must bear",
        "server.starttls(context=tls)",
        f"server.login({account[0]!r}, {account[1]!r})",
    ]
    if letter.leaves_bcc:
        lines += [
            "# sendmail sends the text as it is, and Bcc with it: this is how it leaks",
            f"server.sendmail({envelope}, msg=message.as_string())",
        ]
    else:
        lines += [
            "# the envelope; without these two, send_message takes it from the fields. It leaves Bcc out.",
            f"server.send_message(message, {envelope})",
        ]
    return "\n".join([*lines, "server.quit()"]) + "\n"


def swaks_code(letter: Letter, target: Target, account: tuple[str, str]) -> str:
    """swaks, which takes the envelope from --from and --to, and each field from a --header."""
    words = ["swaks", "--server", target.address, "--port", str(target.port)]
    words += ["--tls", "--tls-verify", "--tls-ca-path", target.ca_file, "--tls-sni", target.host]
    words += ["--auth", "PLAIN", "--auth-user", account[0], "--auth-password", account[1]]
    words += ["--from", letter.mail_from or "<>", "--to", ",".join(letter.rcpt_to)]
    for name, text in _fields(letter):
        if name != "Bcc" or letter.leaves_bcc:
            words += ["--header", f"{name}: {text}"]
    words += ["--body", BODY.strip()]
    note = "# --from and --to are the envelope, --header is for people\n"
    return note + " ".join(shlex.quote(visible(word, keep="\n")) for word in words) + "\n"


def lab_code(letter: Letter, host: str, account: tuple[str, str]) -> str:
    """The lab's own client, line by line."""
    sent = (f"{name}: {text}\n" for name, text in _fields(letter) if name != "Bcc" or letter.leaves_bcc)
    message = f"{''.join(sent)}\n{BODY}"
    secret = "\0".join(("", *account))
    commands = [f"MAIL FROM:<{letter.mail_from}>", *(f"RCPT TO:<{to}>" for to in letter.rcpt_to), "DATA"]
    lines = [
        "from base64 import b64encode",
        "",
        f"secret = b64encode({secret.encode()!r}).decode()",
        f"message = {message!r}",
        f"session = lab.connect({host!r}, 587)",
        'session.say("EHLO me", "STARTTLS", "EHLO me", f"AUTH PLAIN {secret}")',
        f"session.say({', '.join(map(repr, commands))})  # the envelope",
        'session.say(message.encode(), "QUIT")',
        "session.close()",
    ]
    return "\n".join(lines) + "\n"
