"""The word after `with`: how a host got the message, and whether that was under TLS (RFC 3848).

The registered words are SMTP, ESMTP and LMTP with S for TLS and A for a client that logged in, and the same
with UTF8 in front (RFC 6531 §4.3). Others are in use; those that are known here are explained too.

Nothing is proved: a host that one does not trust can write any word.
"""

from __future__ import annotations

import re

from .record import Received

_WORD = re.compile(r"(UTF8)?(E?SMTP|LMTP)(S?)(A?)", re.IGNORECASE)
_LEFT_TO_READ = 80  # characters

# What hosts write that is in no registry.
OTHERS = {
    "HTTP": "HTTP, not SMTP: written in a web page and handed over by the web server",
    "HTTPS": "HTTP under TLS, not SMTP: written in a web page and handed over by the web server",
    "MAPI": "MAPI, not SMTP: Microsoft's own protocol between mailboxes and Exchange servers",
    "LOCAL": "no network: handed over by a program on the host itself",
    "STDIO": "no network: handed over by a program on the host itself",
    "IMAP": "IMAP, not SMTP: fetched from a mailbox",
    "POP3": "POP3, not SMTP: fetched from a mailbox",
    "QMQP": "QMQP, not SMTP: qmail's protocol for handing a message to another host's queue",
    "UUCP": "UUCP, not SMTP: copied from host to host over dialled lines",
}
_MICROSOFT = "microsoft smtp server"


def meaning(with_: str) -> str:
    """What the word after `with` says, in one phrase; "" when there is none or it is not known here."""
    if found := _WORD.fullmatch(with_[:_LEFT_TO_READ]):
        return _registered(with_.upper(), found)
    if with_[:_LEFT_TO_READ].lower().startswith(_MICROSOFT):
        return "SMTP as Exchange writes it; when it was under TLS, a version stands beside it"
    return OTHERS.get(with_[:_LEFT_TO_READ].upper(), "")


def secure(received: Received) -> bool | None:
    """True when a line says that the message came under TLS, False when in clear, None when not said.

    A TLS clause says it, or an S in a word of RFC 3848. Exchange always writes the version where there is
    TLS. None for protocols other than SMTP and LMTP.
    """
    if received.tls is not None:
        return True
    if found := _WORD.fullmatch(received.with_[:_LEFT_TO_READ]):
        return bool(found[3])
    return False if received.with_[:_LEFT_TO_READ].lower().startswith(_MICROSOFT) else None


def is_fetched(received: Received) -> bool:
    """True for a line by a program that fetched the message from a mailbox."""
    return received.with_.upper() in ("IMAP", "POP3") or received.dialect == "fetchmail"


def _registered(word: str, found: re.Match[str]) -> str:
    utf8, base, tls, account = (part or "" for part in found.groups())
    base = base.upper()
    if utf8:
        base = base.replace("ESMTP", "SMTP")
    says = {
        "SMTP": "SMTP, begun with EHLO, for addresses in UTF-8" if utf8 else "SMTP, begun with HELO",
        "ESMTP": "SMTP, begun with EHLO",
        "LMTP": "LMTP, the step into a mailbox" + (", for addresses in UTF-8" if utf8 else ""),
    }[base]
    says += ", under TLS" if tls else ", in clear"
    says += ", by a client that had logged in" if account else ""
    odd = base == "SMTP" and not utf8 and (tls or account)
    return f"{says} ({word} is in no registry)" if odd else says
