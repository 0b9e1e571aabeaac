"""Show the code for one extension: what a client does without smtplab, and how a server is set up for it.

`snippets` writes what a client does with smtplib, in the shell (swaks, or openssl and curl by
`show.code`), and the settings of Postfix 3 and Exim 4 where there is one. Nothing is run here.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping

from .code import Target, shell_code
from .script import Step, content

SENDER = "alice@acorn.example"
NAME = "visitor.example"  # what a program from outside the lab is called there

# What the client does once it is connected: its lines, with the sender and the recipient to fill in.
_MESSAGE = """\
message = EmailMessage()
message["From"], message["To"], message["Subject"] = {sender!r}, {recipient!r}, "Greetings"
"""
PYTHON: Mapping[str, str] = {
    "SIZE": """\
limit = int(server.esmtp_features.get("size") or 0)
print(server.mail({sender!r}, [f"SIZE={{limit + 1}}"]))  # refused, and nothing was sent
""",
    "8BITMIME": """\
takes = server.has_extn("8bitmime")  # smtplib does not look by itself
"""
    + _MESSAGE
    + """\
message.set_content("Grüße\\n", cte="8bit" if takes else "quoted-printable")
server.send_message(message, {sender!r}, mail_options=["BODY=8BITMIME"] if takes else [])
""",
    "SMTPUTF8": _MESSAGE.replace("{recipient!r}", '"päivi@birch.example"')
    + """\
message.set_content("Hello\\n")
try:
    server.send_message(message, {sender!r})
except (smtplib.SMTPNotSupportedError, smtplib.SMTPRecipientsRefused) as error:
    print(error)
""",
    "PIPELINING": """\
group = ["MAIL FROM:<{sender}>", "RCPT TO:<{recipient}>", "DATA"]  # smtplib never does this by itself
server.send("".join(line + "\\r\\n" for line in group))
for line in group:
    print(line, server.getreply())
server.send("Subject: Greetings\\r\\n\\r\\nHello\\r\\n.\\r\\nNOOP\\r\\n")
print(server.getreply(), server.getreply())
""",
    "CHUNKING": """\
data = b"Subject: Dots\\r\\n\\r\\n. a dot at the start\\r\\n"
server.mail({sender!r})
server.rcpt({recipient!r})
server.send(b"BDAT %d LAST\\r\\n" % len(data) + data)  # smtplib has no method for it
print(server.getreply())
""",
    "DSN": _MESSAGE
    + """\
message.set_content("Hello\\n")
wanted = {{"mail_options": ["RET=HDRS", "ENVID=QQ314159"], "rcpt_options": ["NOTIFY=SUCCESS,FAILURE"]}}
server.send_message(message, {sender!r}, **wanted)
""",
    "ENHANCEDSTATUSCODES": """\
server.mail({sender!r})
print(server.rcpt("nobody@{domain}"))
""",
    "STARTTLS": "print(server.esmtp_features)\n",
    "AUTH": "print(server.esmtp_features.get('auth'))\n",
    "HELP": 'print(server.help("MAIL").decode())\n',
}

_DISCARD = "# keeps it out of the reply to EHLO\nsmtpd_discard_ehlo_keywords = {}"
POSTFIX: Mapping[str, str] = {
    "SIZE": "# octets; SIZE says it\nmessage_size_limit = 10240000",
    "8BITMIME": _DISCARD.format("8bitmime"),
    "SMTPUTF8": "smtputf8_enable = yes",
    "PIPELINING": _DISCARD.format("pipelining")
    + "\n# the default since 3.9: who does not wait is cut off\nsmtpd_forbid_unauth_pipelining = yes",
    "CHUNKING": _DISCARD.format("chunking"),
    "DSN": _DISCARD.format("dsn"),
    "ENHANCEDSTATUSCODES": _DISCARD.format("enhancedstatuscodes"),
    "STARTTLS": "smtpd_tls_security_level = may",
    "AUTH": "smtpd_sasl_auth_enable = yes\n# only under TLS\nsmtpd_tls_auth_only = yes",
}

_TO_WHOM = "# to whom it is offered\n{} = *"
EXIM: Mapping[str, str] = {
    "SIZE": "# SIZE says it\nmessage_size_limit = 50M",
    "8BITMIME": "accept_8bitmime = true",
    "SMTPUTF8": _TO_WHOM.format("smtputf8_advertise_hosts"),
    "PIPELINING": _TO_WHOM.format("pipelining_advertise_hosts"),
    "CHUNKING": _TO_WHOM.format("chunking_advertise_hosts"),
    "DSN": _TO_WHOM.format("dsn_advertise_hosts"),
    "STARTTLS": _TO_WHOM.format("tls_advertise_hosts"),
    "AUTH": "# only under TLS\nauth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}",
}


def snippets(target: Target, recipient: str, account: tuple[str, str], keyword: str) -> dict[str, str]:
    """Name of the tool -> what to paste, for the extension `keyword` of the server at `target`.

    `recipient` is a mailbox there, `account` a login and its password where the port asks for one, else two
    empty strings.
    """
    made = {}
    if keyword in PYTHON:
        made["smtplib"] = _python(target, keyword, recipient, account)
    made |= _shell(target, keyword, recipient, account)
    if keyword in POSTFIX:
        made["Postfix"] = f"# main.cf\n{POSTFIX[keyword]}\n"
    if keyword in EXIM:
        made["Exim"] = f"# main section of the configuration\n{EXIM[keyword]}\n"
    return made


def _python(target: Target, keyword: str, recipient: str, account: tuple[str, str]) -> str:
    """A whole program: it connects, says EHLO, goes under TLS and logs in where it has to, and tries."""
    body = PYTHON[keyword]
    tls = target.tls == "implicit" or bool(account[0]) or keyword in ("STARTTLS", "AUTH")
    lines = ["import smtplib", *(["import ssl"] if tls else [])]
    lines += ["from email.message import EmailMessage"] if "EmailMessage" in body else []
    lines.append("")
    if tls:
        lines.append(f"tls = ssl.create_default_context(cafile={target.ca_file!r})")
    implicit = target.tls == "implicit"
    kind = "SMTP_SSL(context=tls, " if implicit else "SMTP("
    lines.append(f"server = smtplib.{kind}local_hostname={NAME!r})")
    if tls:
        lines.append(f"server._host = {target.host!r}  # the name that the certificate must bear")
    connect = f"server.connect({target.address!r}, {target.port})  # {target.host}"
    lines += ["server.set_debuglevel(1)  # show the dialogue", connect, "server.ehlo()"]
    if tls and not implicit:
        lines += ["print(server.esmtp_features)"] if keyword in ("STARTTLS", "AUTH") else []
        lines += ["server.starttls(context=tls)", "server.ehlo()"]
    if account[0]:
        lines.append(f"server.login({account[0]!r}, {account[1]!r})")
    domain = recipient.rpartition("@")[2]
    sender = account[0] or SENDER
    body = body.format(sender=sender, recipient=recipient, domain=domain)
    return "\n".join([*lines, body]) + "server.quit()\n"


def _shell(target: Target, keyword: str, recipient: str, account: tuple[str, str]) -> dict[str, str]:
    """The same in the shell: with swaks where it knows how, line by line otherwise."""
    words = ["swaks", "--server", target.address, "--port", str(target.port), "--ehlo", NAME]
    words += ["--from", account[0] or SENDER, "--to", recipient]
    if target.tls == "implicit" or account[0] or keyword in ("STARTTLS", "AUTH"):
        words.append("--tls-on-connect" if target.tls == "implicit" else "--tls")
        words += ["--tls-verify", "--tls-ca-path", target.ca_file, "--tls-sni", target.host]
    if account[0]:
        words += ["--auth", "PLAIN", "--auth-user", account[0], "--auth-password", account[1]]
    if keyword == "PIPELINING":
        return {"swaks": shlex.join([*words, "--pipeline"]) + "\n"}
    if keyword in ("STARTTLS", "AUTH"):
        last = "AUTH" if account[0] else "TLS"
        return {"swaks": shlex.join([*words, "--quit-after", last]) + "\n"}
    script = _script(keyword, recipient, account)
    if not script:
        return {}
    secured = target.tls == "implicit" or bool(account[0])
    if account[0]:
        secret = base64.b64encode("\0".join(("", *account)).encode()).decode()
        before = [] if target.tls == "implicit" else [f"EHLO {NAME}", "STARTTLS"]
        script = [*before, f"EHLO {NAME}", f"AUTH PLAIN {secret}", *script]
    else:
        script = [f"EHLO {NAME}", *script]
    return {"openssl" if secured else "curl": shell_code(target, script)}


def _script(keyword: str, recipient: str, account: tuple[str, str]) -> list[Step]:
    """What to say after EHLO, line by line; empty where lines alone can't say it."""
    mail, rcpt = f"MAIL FROM:<{account[0] or SENDER}>", f"RCPT TO:<{recipient}>"
    domain = recipient.rpartition("@")[2]
    scripts: dict[str, list[Step]] = {
        "SIZE": [f"{mail} SIZE=99999999999"],
        "8BITMIME": [f"{mail} BODY=8BITMIME", rcpt, "DATA", content("Subject: Greetings\n\nGrüße\n")],
        "SMTPUTF8": [f"{mail} SMTPUTF8", "RCPT TO:<päivi@birch.example>"],
        "DSN": [f"{mail} RET=HDRS ENVID=QQ314159", f"{rcpt} NOTIFY=SUCCESS,FAILURE"],
        "ENHANCEDSTATUSCODES": [mail, f"RCPT TO:<nobody@{domain}>"],
        "HELP": ["HELP MAIL"],
    }
    return scripts.get(keyword, [])
