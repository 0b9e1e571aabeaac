"""MAIL and RCPT, the envelope (RFC 5321 §3.3, §4.1.1.2, §4.1.1.3)."""

from __future__ import annotations

import re

from ..errors import RecordError
from ..line import Line
from ..path import Path, split_path
from .extensions import parameter
from .note import Note, Say, listed, note, plain, quoted, say

_PREFIX = {"MAIL": "FROM:", "RCPT": "TO:"}
_RETRY = "RFC 5321 §4.5.4.1"


def MAIL(line: Line) -> Note:
    path, parameters, wrong = _parse(line)
    if path is not None and path.is_null:
        return note(
            "MAIL FROM:<> uses the null reverse-path",
            say(
                """The reverse-path is empty: if this message can't be delivered, nobody is told. Delivery
                reports (DSNs) travel this way, so that no bounce ever causes another bounce.""",
                "RFC 5321 §4.5.5",
                "RFC 5321 §3.6.3",
            ),
            _parameters(line, parameters),
            say(
                """A server that turns `<>` away also turns away the reports on its own users' mail. With no
                address to look at, SPF takes the name given in EHLO.""",
                "RFC 5321 §4.5.5",
                "RFC 7208 §2.4",
            ),
        )
    named = quoted(path.address) if path else "What stands here"
    return note(
        "MAIL FROM starts a transaction",
        wrong,
        say(
            f"""{named} is the reverse-path: where a DSN goes if the message can't be delivered. It is not the
            From that people see; that stands in the message, and the two may differ.""",
            "RFC 5321 §4.1.1.2",
            "RFC 5321 §7.2",
        ),
        _parameters(line, parameters),
        say(
            """Nothing in SMTP itself proves that the client may use this address. SPF is one check: may mail
            with this domain come from the client's IP address?""",
            "RFC 5321 §7.1",
            "RFC 7208 §2.4",
        ),
    )


def RCPT(line: Line) -> Note:
    path, parameters, wrong = _parse(line)
    named = quoted(path.address) if path else "The one named here"
    return note(
        "RCPT TO names one recipient",
        wrong,
        say(
            f"""{named} is to get this message. The server answers for this recipient alone: others may still
            be accepted in the same transaction.""",
            "RFC 5321 §4.1.1.3",
            "RFC 5321 §3.3",
        ),
        _special(line, path),
        _parameters(line, parameters),
        say(
            """This decides where the message goes; To and Cc inside it do not. So a blind copy works: one
            more RCPT, and no header field that tells.""",
            "RFC 5321 §7.2",
        ),
    )


def _parse(line: Line) -> tuple[Path | None, list[str], Say | None]:
    """The path and parameters of a MAIL or RCPT, and what is wrong with its syntax."""
    prefix = _PREFIX[line.verb]
    argument = line.argument
    syntax = f"`{line.verb} {prefix}<{'reverse' if line.verb == 'MAIL' else 'forward'}-path>`"
    if not argument.upper().startswith(prefix):
        return (
            None,
            [],
            say(
                f"""The syntax is {syntax}. This is something else, so the server answers `501`.""",
                _section(line),
            ),
        )
    rest = argument[len(prefix) :]
    if rest.startswith((" ", "\t")):
        wrong = say(
            """A space after the colon is wrong, and a common mistake: the path follows at once. Many servers
            let it pass.""",
            "RFC 5321 §3.3",
        )
        rest = rest.lstrip(" \t")
    else:
        wrong = None
    try:
        path, parameters = split_path(rest)
    except RecordError as error:
        return (
            None,
            [],
            say(
                f"""The path is not well-formed: {plain(error.message)}. A strict server answers `501` or
                `553`.""",
                "RFC 5321 §4.1.2",
            ),
        )
    return path, parameters.split(), wrong


def _section(line: Line) -> str:
    return "RFC 5321 §4.1.1.2" if line.verb == "MAIL" else "RFC 5321 §4.1.1.3"


def _parameters(line: Line, parameters: list[str]) -> Say | None:
    """What the parameters say, and which of them the server never offered."""
    if not parameters:
        return None
    sentences, extensions, refs = zip(*map(parameter, parameters[:6]), strict=True)
    text = f"{'; '.join(sentences)}."
    offers = line.known.offers
    missing = sorted({name for name in extensions if name and offers is not None and name not in offers})
    if missing:
        text += f" The server did not offer {listed(map(quoted, missing))}, so it may answer `555`."
        refs = (*refs, "RFC 5321 §4.1.1.11")
    return say(text, *dict.fromkeys(refs))


def _special(line: Line, path: Path | None) -> Say | None:
    if path and path.local.lower() == "postmaster":
        return say(
            """Every server that takes mail has to take it for `postmaster`, who answers for the system. It is
            the one address that may come without a domain.""",
            "RFC 5321 §4.5.1",
        )
    if path and re.match(r"TO:\s*<@", line.argument, re.IGNORECASE):
        return say(
            """Before the address stands a source route, a list of hosts to pass through. Servers have to
            understand it, and should ignore it.""",
            "RFC 5321 §4.1.1.3",
        )
    if line.known.accepted >= 100:
        return say(
            f"""{line.known.accepted} recipients are accepted already. A server has to take 100 in one
            transaction; for more it may answer `452`, and the client sends the rest in another.""",
            "RFC 5321 §4.5.3.1.8",
            "RFC 5321 §4.5.3.1.10",
        )
    return None


def mail_taken(line: Line) -> Note:
    """The positive reply to MAIL."""
    return note(
        "The transaction is open",
        say(
            """The server has noted the reverse-path. It now wants to know the recipients, one RCPT for
            each.""",
            "RFC 5321 §3.3",
        ),
        say(
            """Noted is not checked: the server may still refuse because of the reverse-path when it has seen
            the recipients.""",
            "RFC 5321 §3.3",
        ),
    )


def rcpt_taken(line: Line) -> Note:
    """A positive reply to RCPT: 250, 251 or, rarely, another 2yz."""
    count = line.known.accepted + 1
    so_far = f"{count} recipient{'s' if count > 1 else ''} accepted so far"
    so_far += f", {line.known.refused} refused." if line.known.refused else "."
    if line.reply and line.reply.code == 251:
        return note(
            "The recipient has moved, and the server forwards",
            say(
                """`251`: the mailbox is elsewhere, and the server will pass the message on. The words name
                the new address, which the client need not remember.""",
                "RFC 5321 §3.4",
            ),
            say("""Few servers say this today: it gives an address away.""", "RFC 5321 §3.4"),
        )
    return note(
        "This recipient is accepted",
        say(f"""{so_far} The client may name another with RCPT, or go on to DATA.""", "RFC 5321 §3.3"),
        say(
            """Accepted is not delivered. Some servers look for the mailbox only when they have the message;
            if it is missing then, the server itself owes the reverse-path a DSN.""",
            "RFC 5321 §3.3",
            "RFC 5321 §6.1",
        ),
    )
