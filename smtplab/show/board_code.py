"""Show the code for a judgement: with smtplab's own checks, with dig, and as settings of real receivers.

The snippets ask the lab's DNS at its real port. The settings are for a real server: none is configured here.
Nothing is run.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..mail.text import visible
from .verdict_case import Case

if TYPE_CHECKING:
    from ..auth.judge import Judged

_PYTHON = """\
import datetime
import dns.resolver
from smtplab.auth import dkim, dmarc, spf

resolver = dns.resolver.Resolver(configure=False)   # in real life: dns.resolver.Resolver()
resolver.nameservers, resolver.port = [{address!r}], {port}


def resolve(name, rdtype):
    return list(resolver.resolve(name, rdtype))


message = open("message.eml", "rb").read()          # the raw source, with CR LF line ends
now = datetime.datetime.now(datetime.UTC)
path = spf.check_host({ip!r}, "", {mail_from!r}, helo={helo!r}, resolve=resolve)
signatures = dkim.verify(message, resolve=resolve, now=now)
print(path, *signatures, sep="\\n\\n")
print(dmarc.verify({author!r}, spf=path, dkim=signatures, resolve=resolve))
"""

_RECEIVER = """\
# Postfix with milters: OpenDKIM verifies, OpenDMARC decides. /etc/postfix/main.cf:
smtpd_milters = inet:localhost:8891, inet:localhost:8893
non_smtpd_milters = $smtpd_milters
# and the SPF check, in smtpd_recipient_restrictions: check_policy_service unix:private/policyd-spf

# /etc/opendmarc.conf
AuthservID mx.birch.example           # the name in Authentication-Results
RejectFailures {reject}                  # false: only mark it, and let a filter use the junk folder
SPFIgnoreResults false

# Rspamd in place of all three: /etc/rspamd/local.d/dmarc.conf
actions = {{ quarantine = "add_header"; reject = "{action}"; }}
"""


def snippets(dns: tuple[str, int], case: Case, judged: Judged) -> dict[str, str]:
    """Name of the tool -> what to paste."""
    return {
        "smtplab and dns.resolver": _PYTHON.format(
            address=dns[0],
            port=dns[1],
            ip=visible(case.ip),
            mail_from=visible(case.mail_from),
            helo=visible(case.helo),
            author=visible(judged.dmarc.domain),
        ),
        "dig": _dig(dns, judged),
        "Postfix, Rspamd": _RECEIVER.format(
            reject="true " if case.receiver == "reject" else "false",
            action="reject" if case.receiver == "reject" else "add_header",
        ),
    }


def _dig(dns: tuple[str, int], judged: Judged) -> str:
    lines = ["# What the DNS says, question by question (in real life without @ and -p)"]
    asked = dict.fromkeys(
        (question.name, question.rdtype) for queries in judged.queries for question, _ in queries
    )
    for name, rdtype in asked:
        lines.append(f"dig @{dns[0]} -p {dns[1]} +short -q {shlex.quote(visible(name))} -t {rdtype}")
    return "\n".join(lines) + "\n"
