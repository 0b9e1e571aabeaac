"""Why a client got no further: its errors and the server's refusals, in plain words with their sources.

For `port_trials`. It knows what the standard library raises; it tries nothing itself.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass

from ..mail.ports import Way
from ..mail.text import visible


@dataclass(frozen=True, slots=True)
class Reason:
    """What the client failed at, why, the source, and all that in a few words."""

    what: str
    why: str
    ref: str
    short: str


def line(code: int, words: bytes | str) -> str:
    """A reply on one line, as smtplib hands it over."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return visible(f"{code} {text}".replace("\n", " / "))


def told(error: Exception) -> str:
    """What a program would have shown: the kind of the error, and its words."""
    words = (getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else None) or str(error)
    return f"{type(error).__name__}: {visible(str(words))}"


def refusal(reply: str) -> tuple[str, str]:
    """Why a server says so, where its reply tells, and the source."""
    if reply.startswith("530") and "STARTTLS" in reply.upper():
        return "This port takes nothing before TLS.", "RFC 3207 §4"
    if reply.startswith("530"):
        return "A submission server asks who you are before MAIL.", "RFC 6409 §4.3"
    if "relay" in reply.lower():
        return "Neither you nor the recipient belongs to this server.", "RFC 2505 §2.1"
    if reply.startswith("535"):
        return "There is no such account, or the password is wrong.", "RFC 4954 §6"
    return "", ""


def failure(error: Exception, way: Way, *, connected: bool, tls_first: bool) -> Reason:
    """What `error` means for a client that went `way`. `tls_first`: the port waits for a ClientHello."""
    if not connected:
        return _no_connection(error, way)
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"{visible(error.verify_message)}. A client that checks goes no further."
        return Reason("the certificate", why, "", "certificate refused")
    if isinstance(error, ssl.SSLError):
        return _no_tls(error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _not_offered(error, way)
    if isinstance(error, (TimeoutError, smtplib.SMTPServerDisconnected)) and tls_first:
        why = "The client waits for a 220. The server waits for a ClientHello. Both wait until one gives up."
        return Reason("wait for the greeting", why, "RFC 8314 §3", "time-out: no greeting")
    return Reason("the session", f"It broke off: {visible(str(error))}", "", "no answer")


def _no_connection(error: Exception, way: Way) -> Reason:
    what = f"connect to port {way.port}"
    if isinstance(error, TimeoutError):
        why = (
            "No answer, not even a no: somebody on the way swallows what is sent to this port. Whether the"
            " server is up cannot be told from here. (A real client waits; the lab tells at once.)"
        )
        return Reason(what, why, "", "time-out")
    if isinstance(error, ConnectionRefusedError):
        why = "The host says no at once: it is up and can be reached, but nobody listens on this port."
        return Reason(what, why, "", "connection refused")
    return Reason(what, visible(str(error)), "", "no connection")


def _no_tls(error: ssl.SSLError) -> Reason:
    why = (
        "The client sent a ClientHello, and the server answered in clear text. The client's TLS read those"
        " letters as the head of a TLS record, and found no version of TLS in them."
    )
    # WRONG_VERSION_NUMBER; the newest OpenSSL says RECORD_LAYER_FAILURE.
    return Reason("TLS before the first line", why, "RFC 8446 §5.1", f"no TLS: {error.reason}")


def _not_offered(error: Exception, way: Way) -> Reason:
    if "AUTH" not in str(error):
        why = "The server does not offer it, and this client goes no further without."
        return Reason("STARTTLS", why, "RFC 3207 §4", "no STARTTLS offered")
    if way.port == 25:
        why = "Not offered: nobody logs in on this port, which is for mail between servers."
    elif way.tls == "none":
        why = "Not offered: a server that guards its users' passwords offers AUTH under TLS only."
    else:
        why = "Not offered here."
    return Reason("AUTH", why, "RFC 4954 §4", "no AUTH offered")
