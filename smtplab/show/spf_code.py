"""Show the code for SPF: with smtplab, with dnspython, with dig, as a line of a zone, and for a real server.

The Python and shell lines ask the lab's own DNS on its real port. What is for Postfix and Exim is for a real
receiver: nothing is configured from here. Nothing is run.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from ..auth.spf import parse
from ..mail.errors import RecordError
from ..mail.text import encode, visible
from .spf_answers import RESTS, read
from .spf_draft import Draft

STRING = 255  # octets of one string in a TXT record (RFC 1035 §3.3)
LONGEST = 2000  # characters of a record in a snippet


@dataclass(frozen=True, slots=True)
class Real:
    """Where the DNS server really is."""

    dns: tuple[str, int]


def snippets(real: Real, draft: Draft) -> dict[str, str]:
    """Name of the tool -> what to paste."""
    return {
        "smtplab": _smtplab(draft),
        "dns.resolver": _python(real, draft),
        "dig": _dig(real, draft),
        "zone file": zone_line(draft.domain, draft.record),
        "Postfix and Exim": _RECEIVER,
    }


def zone_line(domain: str, record: str) -> str:
    """The TXT record as a zone file has it: in strings of 255 octets at most, which are joined again
    (RFC 7208 §3.3)."""
    octets = encode(record)
    strings = [octets[at : at + STRING] for at in range(0, len(octets), STRING)] or [b""]
    quoted = " ".join('"' + "".join(_quoted(octet) for octet in string) + '"' for string in strings[:20])
    more = f" ; and {len(strings) - 20} strings more" if len(strings) > 20 else ""
    return f"{visible(domain)}. 300 IN TXT {quoted}{more}\n"


def _quoted(octet: int) -> str:
    """One octet in a quoted string (RFC 1035 §5.1)."""
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03d}"


def _text(record: str) -> str:
    """The record as a Python string."""
    return repr(record) if len(record) <= LONGEST else f"{record[:LONGEST]!r}  # and so on"


_SMTPLAB = """\
from smtplab import spf

record = {made}
zone = lab.dns.zone({domain!r})

print(spf.cost_tree({domain!r}, record=record, resolve=lab.resolve))       # the meter
for advice in spf.lint(record):
    print(advice.result, advice.message, record[slice(*advice.span)])

verdict = spf.check_host({ip!r}, {domain!r}, {sender!r}, helo={helo!r}, resolve=lab.resolve)
print(verdict)                                                             # by what is published
print(verdict.what_if(records={{({domain!r}, "TXT"): record}}))             # what the draft would change

zone.set("@", "TXT", record)                                               # publish it
"""


def _smtplab(draft: Draft) -> str:
    made = _built(draft.record) or _text(draft.record)
    sender, helo = draft.sender.strip("<>"), draft.helo
    return _SMTPLAB.format(domain=draft.domain, made=made, ip=draft.ip, sender=sender, helo=helo)


def _built(record: str) -> str:
    """The call of spf.build that makes this record, "" where none does."""
    answers = read(record)
    if answers.rest not in RESTS:
        return ""
    given = []
    if answers.networks:
        given.append(f"ip={list(answers.networks)!r}")
    if answers.mx:
        given.append("mx=True")
    if answers.includes:
        given.append(f"include={list(answers.includes)!r}")
    given.append(f"rest={answers.rest!r}")
    try:
        terms = len(parse(record).terms)
    except RecordError:
        return ""
    counted = len(answers.networks) + answers.mx + len(answers.includes) + bool(answers.rest)
    return f"spf.build({', '.join(given)})" if counted == terms and len(record) <= LONGEST else ""


_PYTHON = """\
import dns.resolver

resolver = dns.resolver.Resolver(configure=False)   # in real life: dns.resolver.Resolver()
resolver.nameservers, resolver.port = [{host!r}], {port}


def spf_record(domain):
    texts = [b"".join(record.strings).decode() for record in resolver.resolve(domain, "TXT")]
    (record,) = [text for text in texts if text.split(" ")[0].lower() == "v=spf1"]  # exactly one
    return record


def lookups(record, domain, depth=0):
    count = 0
    for term in record.split()[1:]:
        name, _, target = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
        if name.split("/")[0] in ("include", "a", "mx", "ptr", "exists", "redirect"):
            count += 1                                    # RFC 7208 §4.6.4: ten are allowed
            print("  " * depth + term)
            if name in ("include", "redirect"):
                count += lookups(spf_record(target), target, depth + 1)
    return count


record = {record}
print(lookups(record, {domain!r}))
"""


def _python(real: Real, draft: Draft) -> str:
    host, port = real.dns
    return _PYTHON.format(host=host, port=port, record=_text(draft.record), domain=draft.domain)


def _dig(real: Real, draft: Draft) -> str:
    host, port = real.dns
    dig = f"dig @{host} -p {port} +short"
    lines = ["# What is published, and what stands behind each include (in real life without @ and -p)"]
    names = [draft.domain, *(cost.domain for cost in draft.tree.terms() if cost.record)]
    lines += [f"{dig} TXT {shlex.quote(visible(name))}" for name in dict.fromkeys(names)]
    return "\n".join(lines) + "\n"


_RECEIVER = """\
# Postfix: /etc/postfix/master.cf, with policyd-spf of the package postfix-policyd-spf-python
policyd-spf  unix  -       n       n       -       0       spawn
    user=policyd-spf argv=/usr/bin/policyd-spf

# /etc/postfix/main.cf
policyd-spf_time_limit = 3600
smtpd_recipient_restrictions =
    permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination,
    check_policy_service unix:private/policyd-spf

# /etc/postfix-policyd-spf-python/policyd-spf.conf: what to do about which result
HELO_reject = Fail
Mail_From_reject = Fail
PermError_reject = False
TempError_Defer = False

# Exim, built with SPF support: in the ACL for MAIL or RCPT
deny  spf = fail
      message = $spf_smtp_comment
warn  add_header = $spf_received
"""
