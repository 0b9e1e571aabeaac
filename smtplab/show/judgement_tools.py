"""The other half of the judge desk's *Show the code*: swaks, openssl, and what to set in Postfix or Exim.

How can the reader see it with tools, and where is it mended? Only what concerns this message is shown, and
nothing where all is well. Names and addresses come from a stranger's message: one that is plain is quoted for
the shell, any other one stands in a comment, made visible, and its option or setting is left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ..auth.case import CaseJudgement
from ..auth.case.envelope import border
from ..auth.case.judging import HEAD
from ..auth.case.settling import UNKNOWN
from ..auth.dkim import DkimVerdict
from ..auth.dmarc import DmarcVerdict
from ..auth.spf import SpfVerdict
from ..mail.header import fields, first, split
from ..mail.header.address import mailboxes
from ..mail.received import chain
from ..mail.received.hops import Hop
from ..mail.text import visible
from .judgement_settings import SETTINGS

# What may stand in a command or a setting: a name of a host with a dot, an address in its plain form. Exim
# would expand a "$", and swaks takes what begins with "-" for an option, and a comma for two addresses.
_HOST = re.compile(
    r"(?=.{4,253}\Z)(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*\.[A-Za-z][A-Za-z0-9-]+"
)
_SELECTOR = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63}){0,4}")
_LOCAL = re.compile(r"(?!-)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
# A literal as a client may call itself (RFC 5321 §4.1.3).
_LITERAL = re.compile(r"\[[0-9A-Fa-f:.]{3,45}\]|\[IPv6:[0-9A-Fa-f:.]{2,45}\]")


def tools(made: CaseJudgement) -> dict[str, str]:
    """What to run and what to set, by tool; a tool that has nothing to say is not there."""
    seen = _seen(made)
    found = {
        "swaks": "\n".join(_swaks(seen)),
        "openssl": "\n".join(_openssl(seen)),
        "Postfix": "\n\n".join(_settings(seen, "Postfix")),
        "Exim": "\n\n".join(_settings(seen, "Exim")),
    }
    return {tool: f"{text}\n" for tool, text in found.items() if text}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A judgement, ready for the tools. `hop` is where the message came in."""

    made: CaseJudgement
    spf: SpfVerdict
    dkim: tuple[DkimVerdict, ...]
    dmarc: DmarcVerdict
    hop: Hop | None
    sender: str | None
    recipient: str
    helo: str | None
    whole: bool  # with Date and Message-ID

    @property
    def receiver(self) -> str:
        """The host that took it, as its Received line names it; "" where that is no name of a host."""
        by = self.hop.received.by.rstrip(".") if self.hop else ""
        return by if _HOST.fullmatch(by) else ""


def _seen(made: CaseJudgement) -> _Seen:
    head = split(made.message)[0][:HEAD]
    known = fields(head)
    hop = border(chain(head, trusted=made.case.trusted))
    to = hop.received.for_.removeprefix("<").removesuffix(">") if hop else ""
    if not to:
        to = next((box.address for box in mailboxes(first(known, "To"))[:1]), "")
    return _Seen(
        made,
        next(one for one in made.verdicts if isinstance(one, SpfVerdict)),
        tuple(one for one in made.verdicts if isinstance(one, DkimVerdict)),
        next(one for one in made.verdicts if isinstance(one, DmarcVerdict)),
        hop,
        made.facts[1].value,
        to,
        made.facts[2].value,
        bool(first(known, "Date") and first(known, "Message-ID")),
    )


# What to run ---------------------------------------------------------------------------------------------


def _swaks(seen: _Seen) -> Iterator[str]:
    """The same envelope to the same receiver, as far as RCPT."""
    if not _plain(seen.recipient):
        return  # whom to name to the server?
    words = ["swaks", *(["--server", seen.receiver] if seen.receiver else [])]
    left = []
    if seen.helo and (_HOST.fullmatch(seen.helo) or _LITERAL.fullmatch(seen.helo)):
        words += ["--ehlo", seen.helo]
    elif seen.helo:
        left.append(("EHLO name", seen.helo))
    if seen.sender == "" or (seen.sender and _plain(seen.sender)):
        words += ["--from", seen.sender or "<>"]
    elif seen.sender:
        left.append(("reverse-path", seen.sender))
    words += ["--to", seen.recipient]
    yield "# The same envelope. It stops before DATA, so that no message is sent."
    for what, value in left:
        yield f"# Left out, for it is not plain: the {what} {visible(value)[:200]}"
    yield "# SPF and lists of addresses judge the host on which this runs."
    yield shlex.join([*words, "--quit-after", "RCPT"])
    ip = seen.made.facts[0].value
    if ip is not None:
        yield ""
        yield "# As if from that client: your own Postfix takes this from smtpd_authorized_xclient_hosts."
        helo = ["--xclient-helo", seen.helo] if "--ehlo" in words and seen.helo else []
        yield shlex.join([*words, "--xclient-addr", _xclient(ip), *helo, "--quit-after", "RCPT"])


def _xclient(ip: str) -> str:
    return f"IPV6:{ip}" if ":" in ip else ip


def _openssl(seen: _Seen) -> Iterator[str]:
    if host := seen.receiver:
        yield "# The certificate of the host that took it, and whether it fits the name."
        yield "# MTA-STS and DANE go by the name in the MX record, which may be another one."
        name = shlex.quote(host)
        yield (
            f"openssl s_client -starttls smtp -connect {name}:25 -servername {name} "
            f"-verify_hostname {name} -brief </dev/null"
        )


def _plain(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return bool(_LOCAL.fullmatch(local) and _HOST.fullmatch(domain))


# What to set ---------------------------------------------------------------------------------------------


def _settings(seen: _Seen, server: str) -> Iterator[str]:
    domain, selector = _signer(seen)
    txt = f"the public half belongs at {selector}._domainkey.{domain}"
    words = {
        "domain": domain,
        "selector": selector,
        "txt": txt,
        "ip": seen.made.facts[0].value or "the client",
    }
    for concern in _concerns(seen):
        yield SETTINGS[concern][server].format(**words)


def _concerns(seen: _Seen) -> Iterator[str]:
    """What was found, as keys of SETTINGS, in the order in which it counts."""
    results = {one.result for one in seen.dkim}
    if not seen.dmarc.dkim_aligned and results != {UNKNOWN} and seen.dmarc.domain:
        yield "sign"
    if seen.spf.result in ("fail", "softfail", "neutral", "none"):
        yield "client"
    if seen.spf.result in ("fail", "softfail"):
        yield "forward"
    null = seen.sender == "" and seen.spf.result not in ("pass", UNKNOWN)
    if null or (seen.helo is not None and not _HOST.fullmatch(seen.helo)):
        yield "helo"
    if seen.hop and seen.hop.secure is False:
        yield "tls"
    if not seen.whole:
        yield "header"


def _signer(seen: _Seen) -> tuple[str, str]:
    """The domain that should sign, and its selector, where a signature of it names one."""
    domain = seen.dmarc.domain
    selectors = [one.selector for one in seen.dkim if one.domain == domain]
    selector = next((each for each in selectors if _SELECTOR.fullmatch(each)), "SELECTOR")
    return (domain if _HOST.fullmatch(domain) else "DOMAIN"), selector
