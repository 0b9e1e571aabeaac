"""Show the code for a way to send: in Python, in the shell, and as lines of a Postfix configuration.

The snippets go to the real port behind the lab's; wrong ways are shown as they are, and fail when pasted as
they fail here. The lines for Postfix are for a real server of the same kind: none is configured from here.
Nothing is run.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from ..mail.ports import Way, Who
from .code import Target, shell_code, swaks_code
from .script import Step, content


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: its host's name, its account at the server, and the two addresses."""

    who: Who
    host: str
    account: str
    password: str
    reverse_path: str
    forward_path: str

    @property
    def message(self) -> str:
        """A message with the least that it needs."""
        return f"From: {self.reverse_path}\nTo: {self.forward_path}\nSubject: A trial\n\nHello.\n"


def snippets(target: Target | None, server: str, sender: Sender, way: Way) -> dict[str, str]:
    """Name of the tool -> what to paste. `target` is None where nobody listens on the port."""
    made = {}
    if target is not None:
        target = replace(target, tls="implicit" if way.tls == "implicit" else "none")  # right or wrong
        said = script(sender, way)
        made = {
            "smtplib": smtplib_code(target, sender, way),
            "swaks": swaks_code(target, said),
            "openssl" if target.secured(said) else "curl": shell_code(target, said),
        }
    return made | {"Postfix": postfix(server, sender, way)}


def script(sender: Sender, way: Way) -> list[Step]:
    """What the client says when it goes `way`, as far as the server lets it."""
    hello = f"EHLO {sender.host}"
    login = base64.b64encode(f"\0{sender.account}\0{sender.password}".encode()).decode()
    return [
        hello,
        *(["STARTTLS", hello] if way.tls == "starttls" else []),
        *([f"AUTH PLAIN {login}"] if way.login else []),
        f"MAIL FROM:<{sender.reverse_path}>",
        f"RCPT TO:<{sender.forward_path}>",
        "DATA",
        content(sender.message),
        "QUIT",
    ]


def smtplib_code(target: Target, sender: Sender, way: Way) -> str:
    """The way with the standard library's client. With `timeout` it does not wait for ever."""
    tls = way.tls != "none"
    kind = "SMTP_SSL" if way.tls == "implicit" else "SMTP"
    context = ", context=tls" if way.tls == "implicit" else ""
    lines = ["import smtplib", *(["import ssl"] if tls else []), ""]
    if tls:
        lines.append(f"tls = ssl.create_default_context(cafile={target.ca_file!r})  # the lab's own CA")
    lines.append(f"# In real life: server = smtplib.{kind}({target.host!r}, {way.port}{context})")
    lines.append(f"server = smtplib.{kind}(timeout=5{context})")
    if tls:
        lines.append(f"server._host = {target.host!r}  # the name that the certificate must bear")
    lines.append(f"server.connect({target.address!r}, {target.port})")
    if way.tls == "starttls":
        lines.append("server.starttls(context=tls)")
    if way.login:
        lines.append(f"server.login({sender.account!r}, {sender.password!r})")
    text = "".join(f"    {line!r}\n" for line in sender.message.splitlines(keepends=True))
    lines.append(f"message = (\n{text})")
    lines.append(f"server.sendmail({sender.reverse_path!r}, [{sender.forward_path!r}], message)")
    return "\n".join([*lines, "server.quit()"]) + "\n"


_SERVICE = {
    25: """\
# /etc/postfix/master.cf of {server}: the port for mail between servers
smtp inet n - y - - smtpd

# /etc/postfix/main.cf: STARTTLS is offered, and not insisted on (RFC 3207 §4)
smtpd_tls_security_level = may
""",
    465: """\
# /etc/postfix/master.cf of {server}: submission with implicit TLS (an older /etc/services says smtps)
submissions inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
""",
    587: """\
# /etc/postfix/master.cf of {server}: submission with STARTTLS, and nothing without
submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
""",
}

_DELIVERS = """
# /etc/postfix/main.cf of {client}: TLS with every exchanger that offers it
smtp_tls_security_level = may
"""

_RELAYS = """
# /etc/postfix/main.cf of {client}: everything through the relay, under TLS, its certificate checked
relayhost = [{server}]:{port}
smtp_tls_security_level = secure
smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt
{wrapped}smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd
smtp_sasl_tls_security_options = noanonymous
"""


def postfix(server: str, sender: Sender, way: Way) -> str:
    """How a Postfix server opens this port, and, for a mail server that sends, how it is told the way."""
    made = _SERVICE[way.port].format(server=server)
    if sender.who != "mail server":
        return made
    if way.port == 25:
        return made + _DELIVERS.format(client=sender.host)
    wrapped = "smtp_tls_wrappermode = yes\n" if way.port == 465 else ""
    return made + _RELAYS.format(client=sender.host, server=server, port=way.port, wrapped=wrapped)
