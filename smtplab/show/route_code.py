"""Show the code for a route: with dnspython and smtplib, with dig and swaks, and as settings of Postfix.

The snippets go to the lab's real ports: its DNS, and for each address the port of loopback behind it. A
program from outside comes from the visitor's address, whatever host it calls itself. The lines for Postfix
are for a real server: none is configured from here. Nothing is run.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..mail.route import Route
from ..mail.text import visible
from .route_board import Place


@dataclass(frozen=True, slots=True)
class Real:
    """Where things really are: the DNS server, and (address, port) of the lab -> (address, port) of loopback.

    `port` is the one that is dialled, and `login` whether the smart host wants an account.
    """

    dns: tuple[str, int]
    taps: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    port: int = 25
    account: str = ""
    password: str = ""
    ca_file: str = ""


def snippets(place: Place, sender: str, recipient: str, route: Route, real: Real) -> dict[str, str]:
    """Name of the tool -> what to paste."""
    return {
        "dns.resolver and smtplib": _python(place, sender, recipient, route, real),
        "dig and swaks": _shell(place, sender, recipient, route, real),
        "Postfix": _postfix(place, real),
    }


_HEAD = """\
import random, smtplib{ssl}
import dns.resolver

resolver = dns.resolver.Resolver(configure=False)   # in real life: dns.resolver.Resolver()
resolver.nameservers, resolver.port = [{dns!r}], {dns_port}
REAL = {{{taps}
}}  # where the lab's addresses really are; in real life: not needed


def ask(name, rdtype):
    try:
        return list(resolver.resolve(name, rdtype))
    except dns.resolver.NoAnswer:       # the name is there, without such a record
        return []                       # NXDOMAIN, NoNameservers and timeouts are errors: let them out

"""

_BY_MX = """
domain = {domain!r}
found = [(mx.preference, random.random(), str(mx.exchange)) for mx in ask(domain, "MX")]
if [(preference, name) for preference, _, name in found] == [(0, ".")]:
    raise SystemExit("556 5.1.10 null MX: the domain takes no mail")          # RFC 7505
exchangers = [name for _, _, name in sorted(found)] or [domain]               # RFC 5321 §5.1
"""

_BY_NAME = """
exchangers = [{host!r}]   # the smart host: its address is looked up, and no MX record
"""

_LOOKED_UP = """\
    for name in exchangers:
        for rdtype in ("A", "AAAA"):
            try:
                yield from ((name, str(record)) for record in ask(name, rdtype))
            except dns.resolver.NXDOMAIN:
                break
"""

_GIVEN = """\
    yield {name!r}, {address!r}   # written in the mail address itself: nothing is looked up
"""

_TRY = """
message = (
{message})


def addresses():
{addresses}

for name, address in addresses():
    print("try", name, address)
    try:
        with smtplib.SMTP(timeout=5, local_hostname={hello!r}) as server:
            server.connect(*REAL[address])  # in real life: server.connect(address, {port})
{login}            server.sendmail({sender!r}, [{recipient!r}], message)
        break                              # taken: the others are not needed
    except smtplib.SMTPResponseException as error:
        print(error.smtp_code, error.smtp_error)
        if error.smtp_code >= 500:
            break                          # no for good: the next host would say the same
    except smtplib.SMTPRecipientsRefused as refused:
        ((code, words),) = refused.recipients.values()
        print(code, words)
        if code >= 500:
            break
    except (OSError, KeyError, smtplib.SMTPServerDisconnected) as error:
        print("no answer:", error)         # so the next one is tried
"""


def _message(sender: str, recipient: str) -> str:
    """As lines of Python."""
    lines = (f"From: {sender}", f"To: {recipient}", "Subject: A trial", "", "Hello.")
    return "".join(f"    {line + chr(10)!r}\n" for line in lines)


def _python(place: Place, sender: str, recipient: str, route: Route, real: Real) -> str:
    taps = "".join(f"\n    {address!r}: {where!r}," for (address, _), where in real.taps.items())
    head = _HEAD.format(ssl=", ssl" if real.account else "", dns=real.dns[0], dns_port=real.dns[1], taps=taps)
    domain, looked_up = recipient.rpartition("@")[2], _LOOKED_UP
    if place.through:
        middle = _BY_NAME.format(host=place.through)
    elif domain.startswith("["):
        middle = ""
        looked_up = (
            "".join(_GIVEN.format(name=t.name, address=t.address) for t in route.targets)
            or "    yield from ()\n"
        )
    else:
        middle = _BY_MX.format(domain=domain)
    login = ""
    if real.account:
        login = (
            f"            server._host = name            # the name that the certificate must bear\n"
            f"            server.starttls(context=ssl.create_default_context(cafile={real.ca_file!r}))\n"
            f"            server.login({real.account!r}, {real.password!r})\n"
        )
    return (
        head
        + middle
        + _TRY.format(
            addresses=looked_up,
            hello=place.host,
            port=real.port,
            login=login,
            sender=sender,
            recipient=recipient,
            message=_message(sender, recipient),
        )
    )


def _shell(place: Place, sender: str, recipient: str, route: Route, real: Real) -> str:
    dig = f"dig @{real.dns[0]} -p {real.dns[1]} +noall +answer +comments"
    names = {(question.name, question.rdtype): None for question, _ in route.queries}
    lines = ["# What the DNS says (in real life without @ and -p)"]
    asked = [f"{dig} -q {shlex.quote(visible(name))} -t {rdtype}" for name, rdtype in names]
    lines += asked or ["# nothing is asked"]
    for target in route.targets:
        where = real.taps.get((target.address, real.port))
        lines += ["", f"# {visible(target.name)} at {target.address}, port {real.port}"]
        if where is None:
            lines.append("# nobody has this address, or nobody listens there: swaks would wait in vain")
            continue
        words = ["swaks", "--server", f"{where[0]}:{where[1]}", "--ehlo", place.host]
        words += ["--from", sender, "--to", recipient]
        if real.account:
            words += ["--tls", "--tls-verify", "--tls-ca-path", real.ca_file, "--tls-sni", place.through]
            words += ["--auth", "PLAIN", "--auth-user", real.account, "--auth-password", real.password]
        lines.append(shlex.join(words))
    return "\n".join(lines) + "\n"


_DIRECT = """\
# /etc/postfix/main.cf: deliver direct, by MX
relayhost =
inet_protocols = all                  # or ipv4, for a host without IPv6
smtp_address_preference = any         # which IP version first: any, ipv4 or ipv6
smtp_randomize_addresses = yes        # equal preferences in random order (RFC 5321 §5.1)
smtp_mx_address_limit = 5             # addresses of a domain that are tried
smtp_mx_session_limit = 2             # of them, those that are spoken with in one delivery
ignore_mx_lookup_error = no           # no answer about MX: wait, and do not fall back on A records
smtp_tls_security_level = may

# Whom it would talk to for a domain, without any mail; and what waits in its queue
posttls-finger -c birch.example
postqueue -p
"""

_RELAY = """\
# /etc/postfix/main.cf: everything goes through the smart host. The brackets turn the MX look-up off
relayhost = [{host}]:{port}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd
smtp_sasl_tls_security_options = noanonymous
smtp_tls_security_level = secure
smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt

# /etc/postfix/sasl_passwd, readable by root alone; then: postmap /etc/postfix/sasl_passwd
[{host}]:{port} {account}:{password}

# One domain through another host, the rest as above: transport_maps = hash:/etc/postfix/transport, there
# birch.example smtp:[mx.birch.example]
"""


def _postfix(place: Place, real: Real) -> str:
    if not place.through:
        return _DIRECT
    return _RELAY.format(host=place.through, port=real.port, account=real.account, password=real.password)
