"""Why the server says no, where its words and the stage tell more than its numbers do.

What the codes mean in general stands in `mail.codes`; here are the cases that a learner meets.
"""

from __future__ import annotations

from ..line import Line
from ..reply import Reply
from .note import Say, say


def numbers(reply: Reply) -> str:
    """Code and enhanced code, as in "`550 5.1.1`"."""
    return f"`{reply.code}{' ' + reply.enhanced if reply.enhanced else ''}`"


def special(line: Line, reply: Reply) -> Say | None:
    """What words and stage say better than the numbers."""
    words, code = reply.text.lower(), numbers(reply)
    if line.verb == "RCPT" and "relay" in words:
        return say(
            f"""{code}: the server neither serves this domain nor knows the client, so it won't carry mail
            from the one to the other. One that did would be an open relay.""",
            "RFC 5321 §3.6.2",
            "RFC 5321 §3.3",
        )
    if reply.is_transient and ("greylist" in words or "graylist" in words):
        return say(
            f"""{code}: this is greylisting. The server turns away a client that it meets for the first
            time; real mail servers come back, much spam software never does.""",
            "RFC 6647 §2",
        )
    if reply.code == 530:
        first = "STARTTLS" if "STARTTLS" in reply.text else "AUTH"
        ref = "RFC 3207 §4" if first == "STARTTLS" else "RFC 4954 §6"
        return say(
            f"""{code}: {first} has to come first on this server. The command itself may be all right.""",
            ref,
        )
    if line.verb == "RCPT" and (reply.code == 452 or reply.enhanced[2:] == "5.3"):
        return say(
            f"""{code}: this transaction has too many recipients, or the server no room. What it has
            accepted, {line.known.accepted} so far, stays accepted.""",
            "RFC 5321 §4.5.3.1.10",
        )
    if line.verb == "DATA" and reply.code == 554:
        return say(
            f"""{code}: no valid recipient, so there is nobody to deliver a message to.""", "RFC 5321 §3.3"
        )
    if "bare " in words:
        return say(
            f"""{code}: somewhere a CR or LF stands alone. Many servers refuse that since SMTP smuggling
            (2023): where one server sees the end of a line, or of a message, another may not.""",
            "RFC 5321 §2.3.8",
            "RFC 5321 §4.1.1.4",
        )
    if line.verb in (".", "BDAT") and "spam" in words:
        return say(
            f"""{code}: the server takes this for spam. It judges by its own rules: what is in the message,
            and how the client's address and the domains in it have behaved so far.""",
            "RFC 5321 §7.9",
            "RFC 5321 §6.2",
        )
    if line.verb in (".", "BDAT") and reply.code == 554 and not reply.enhanced:
        return say(
            f"""{code}: the server refuses this message, for what is in it or for who sends it; often that
            means spam. The words should say which.""",
            "RFC 5321 §3.3",
            "RFC 5321 §4.2.2",
        )
    if line.verb == "STARTTLS" and reply.code == 454:
        return say(f"""{code}: the server has TLS, but can't use it at the moment.""", "RFC 3207 §4")
    if line.verb == "AUTH":
        return _login(reply)
    return None


def _login(reply: Reply) -> Say | None:
    """What a refused AUTH says."""
    code = numbers(reply)
    if reply.code == 454:
        return say(f"""{code}: the server could not look the account up just now.""", "RFC 4954 §6")
    if reply.code == 535:
        return say(
            f"""{code}: name or password is wrong. The server does not say which, so that nobody can search
            for names.""",
            "RFC 4954 §6",
        )
    if reply.code == 538 or reply.enhanced == "5.7.11":
        return say(
            f"""{code}: this login is allowed only under TLS. If the password stood in the command, it has
            crossed the network in clear by now.""",
            "RFC 4954 §6",
        )
    if reply.code == 501:
        return say(
            f"""{code}: the client cancelled, or what it sent is not base64, or not what the mechanism
            wants.""",
            "RFC 4954 §4",
        )
    if reply.code == 503:
        return say(
            f"""{code}: AUTH may come once, after EHLO, and not inside a transaction; and only where the
            server offers it.""",
            "RFC 4954 §4",
        )
    if reply.code == 504:
        return say(
            f"""{code}: the server does not have this mechanism. Those it has stand in its reply to
            EHLO.""",
            "RFC 4954 §4",
        )
    return None
