"""Show the code: the same session in Python and in the shell, ready to be pasted.

How would I say this without smtplab? Each snippet does what the script does, against the real address
and port where the lab's server listens, with smtplib, with a bare socket, with swaks, and with openssl
(or curl, where there is no TLS). A program outside the lab comes from the visitor's address, not from
the host that the lesson speaks for: a server that looks at addresses may answer it otherwise.

Nothing is run here. Every value is quoted for the language it stands in (`repr`, `shlex`).
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..mail.text import visible
from .script import Content, Step

_PATH = re.compile(r"(?i)(?:MAIL FROM|RCPT TO):<([^<>]*)>(?: (.*))?")
# In the order in which swaks says them, with its word for "stop after this" (swaks, --quit-after).
_STOPS = {"EHLO": "HELO", "HELO": "HELO", "STARTTLS": "TLS", "AUTH": "AUTH", "MAIL": "MAIL", "RCPT": "RCPT"}


@dataclass(frozen=True, slots=True)
class Target:
    """A server as a program outside the lab reaches it.

    `host` is its name in the lab, which its certificate bears; `address` and `port` are the real ones;
    `tls` is "implicit" where TLS comes before the first byte (RFC 8314 §3); `ca_file` is the path of the
    CA's certificate. Whether a session uses STARTTLS, its script says.
    """

    host: str
    address: str
    port: int
    tls: Literal["none", "starttls", "implicit"] = "none"
    ca_file: str = ""

    def code(self, script: Sequence[Step]) -> dict[str, str]:
        """Name of the tool -> what to paste, for a session that says `script`."""
        made = {
            "smtplib": smtplib_code(self, script),
            "raw socket": socket_code(self, script),
            "swaks": swaks_code(self, script),
        }
        made["openssl" if self.secured(script) else "curl"] = shell_code(self, script)
        return made

    def secured(self, script: Sequence[Step]) -> bool:
        """True when the session, or its later part, is under TLS."""
        return self.tls == "implicit" or any(_verb(step) == "STARTTLS" for step in script)


def _verb(step: Step) -> str:
    return "" if isinstance(step, Content) else step.split(" ", 1)[0].strip().upper()


def _literal(data: bytes, indent: str = "    ") -> str:
    """Octets as a Python expression, a line of the message on each line."""
    try:
        text, end = data.decode("utf-8"), ").encode()"
    except UnicodeDecodeError:
        return "(\n" + "".join(f"{indent}{line!r}\n" for line in data.splitlines(keepends=True)) + ")"
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    return "(\n" + "".join(f"{indent}{line!r}\n" for line in lines) + end


def smtplib_code(target: Target, script: Sequence[Step]) -> str:
    """The session with the standard library's client. Its replies are shown on standard error."""
    lines = ["import smtplib"] + (["import ssl"] if target.secured(script) else []) + [""]
    place = f"{target.address!r}, {target.port}"
    if target.secured(script):
        lines.append(f"tls = ssl.create_default_context(cafile={target.ca_file!r})")
    if target.tls == "implicit":
        lines += ["server = smtplib.SMTP_SSL(context=tls)", "server.set_debuglevel(1)  # show the dialogue"]
        lines += [_named(target), f"server.connect({place})"]
    else:
        lines += ["server = smtplib.SMTP()", "server.set_debuglevel(1)  # show the dialogue"]
        lines += [f"server.connect({place})  # {target.host}"]
    for number, step in enumerate(script):
        follows = script[number + 1] if number + 1 < len(script) else None
        lines += _smtplib_step(target, step, follows)
    if not script or _verb(script[-1]) != "QUIT":
        lines.append("server.close()")
    return "\n".join(lines) + "\n"


def _named(target: Target) -> str:
    return f"server._host = {target.host!r}  # the name that the certificate must bear"


def _smtplib_step(target: Target, step: Step, follows: Step | None) -> list[str]:
    if isinstance(step, Content):
        crlf = b"".join(line + b"\r\n" for line in step.lines)
        return [f"server.data({_literal(crlf)})  # DATA, the dots and the final dot are smtplib's"]
    verb, _, rest = step.partition(" ")
    path = _PATH.fullmatch(step)
    match verb.upper():
        case "DATA" if isinstance(follows, Content):
            return []
        case "EHLO" | "HELO" if rest:
            return [f"server.{verb.lower()}({rest!r})"]
        case "STARTTLS":
            return [_named(target), "server.starttls(context=tls)"]
        case "MAIL" | "RCPT" if path:
            options = f", {path[2].split()!r}" if path[2] else ""
            return [f"server.{verb.lower()}({path[1]!r}{options})"]
        case "QUIT":
            return ["server.quit()"]
    return [f"server.docmd({verb!r}{f', {rest!r}' if rest else ''})"]


_SOCKET_HEAD = '''\
def reply():
    """Print the server's reply, up to the line that has no hyphen after its code."""
    while line := replies.readline():
        print("S:", line.decode(errors="replace").rstrip())
        if line[3:4] != b"-":
            break


def say(line):
    print("C:", line)
    connection.sendall(line.encode() + b"\\r\\n")
    reply()

'''


def socket_code(target: Target, script: Sequence[Step]) -> str:
    """The session octet by octet, on a bare socket."""
    secured = target.secured(script)
    lines = ["import socket"] + (["import ssl"] if secured else []) + ["", "", _SOCKET_HEAD]
    if secured:
        lines.append(f"tls = ssl.create_default_context(cafile={target.ca_file!r})")
    lines.append(
        f"connection = socket.create_connection(({target.address!r}, {target.port}))  # {target.host}"
    )
    wrap = f"connection = tls.wrap_socket(connection, server_hostname={target.host!r})"
    if target.tls == "implicit":
        lines.append(wrap)
    lines += ['replies = connection.makefile("rb")', "reply()  # the server speaks first"]
    for step in script:
        if isinstance(step, Content):
            lines += [f"connection.sendall({_literal(step.wire)})", "reply()"]
        else:
            lines.append(f"say({step!r})")
        if _verb(step) == "STARTTLS":
            lines += [wrap, 'replies = connection.makefile("rb")']
    return "\n".join([*lines, "connection.close()"]) + "\n"


def swaks_code(target: Target, script: Sequence[Step]) -> str:
    """The session as a line for swaks, which knows the usual order only; a comment says what is left out."""
    said: dict[str, list[str]] = {}
    left: list[str] = []
    for step in script:
        if isinstance(step, str):
            verb = _verb(step)
            usual = verb in _STOPS or verb in ("DATA", "QUIT")
            repeated = verb in said and verb not in ("RCPT", "EHLO", "HELO")
            odd = verb in ("MAIL", "RCPT") and not ((path := _PATH.fullmatch(step)) and not path[2])
            (said.setdefault(verb, []) if usual and not repeated and not odd else left).append(step)
    message = next((step for step in script if isinstance(step, Content)), None)
    words = ["swaks", "--server", target.address, "--port", str(target.port), *_swaks_words(target, said)]
    if message is None or "MAIL" not in said or "RCPT" not in said:
        last = next((stop for verb, stop in reversed(_STOPS.items()) if verb in said), "BANNER")
        words += ["--quit-after", last]
        ending = ""
    else:
        words += ["--data", "-"]
        ending = _heredoc(message)
    lines = [f"# Left out, because swaks keeps to the usual order: {visible(step)}" for step in left]
    return "\n".join([*lines, shlex.join(words) + ending]) + "\n"


def _swaks_words(target: Target, said: Mapping[str, list[str]]) -> Iterator[str]:
    hello = said.get("EHLO") or said.get("HELO")
    if hello:
        yield from ("--ehlo", hello[0].partition(" ")[2] or target.host)
    if "HELO" in said and "EHLO" not in said:
        yield from ("--protocol", "SMTP")
    if target.tls == "implicit" or "STARTTLS" in said:
        yield "--tls-on-connect" if target.tls == "implicit" else "--tls"
        yield from ("--tls-verify", "--tls-ca-path", target.ca_file, "--tls-sni", target.host)
    if "AUTH" in said and (login := _login(said["AUTH"][0])):
        yield from ("--auth", "PLAIN", "--auth-user", login[0], "--auth-password", login[1])
    paths = {
        verb: [p[1] for s in said.get(verb, ()) if (p := _PATH.fullmatch(s))] for verb in ("MAIL", "RCPT")
    }
    if paths["MAIL"]:
        yield from ("--from", paths["MAIL"][0] or "<>")
    if paths["RCPT"]:
        yield from ("--to", ",".join(paths["RCPT"]))


def _login(step: str) -> tuple[str, str] | None:
    """The account and the password of `AUTH PLAIN <initial response>` (RFC 4616 §2)."""
    mechanism, _, response = step.partition(" ")[2].partition(" ")
    try:
        parts = base64.b64decode(response, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (parts[1], parts[2]) if mechanism.upper() == "PLAIN" and len(parts) == 3 else None


def _heredoc(message: Content) -> str:
    """The message as swaks reads it from standard input, up to a word that is not in it."""
    text = b"\n".join(message.lines).decode("utf-8", "replace")
    word = "END"
    while word in text.split("\n"):
        word += "_"
    return f" <<'{word}'\n{text}\n{word}"


def shell_code(target: Target, script: Sequence[Step]) -> str:
    """The session piped into openssl s_client, or into curl in clear, with a pause before each line."""
    secured = target.secured(script)
    steps = list(script)
    if target.tls != "implicit" and secured:  # openssl says EHLO and STARTTLS itself
        steps = steps[[_verb(step) for step in steps].index("STARTTLS") + 1 :]
    if not steps or _verb(steps[-1]) != "QUIT":
        steps.append("QUIT")
    lines = ["say() { sleep 0.3; printf '%s\\r\\n' \"$@\"; }", "{"]
    for step in steps:
        said = (
            step.wire.decode("utf-8", "replace").split("\r\n")[:-1] if isinstance(step, Content) else [step]
        )
        lines.append(f"  say {shlex.join(said)}")
    return "\n".join([*lines, "} | " + shlex.join(_client(target, script))]) + "\n"


def _client(target: Target, script: Sequence[Step]) -> list[str]:
    place = f"{target.address}:{target.port}"
    if not target.secured(script):
        return ["curl", "--silent", "--no-buffer", f"telnet://{place}"]
    # -quiet also keeps s_client from taking an R or a Q at the start of a line for a command of its own.
    words = ["openssl", "s_client", "-quiet", "-connect", place]
    if target.tls != "implicit":
        hello = next((step.partition(" ")[2] for step in script if _verb(step) == "EHLO"), "")  # type: ignore[union-attr]
        words += ["-starttls", "smtp", *(["-name", hello] if hello else [])]
    words += ["-servername", target.host, "-verify_hostname", target.host]
    return [*words, "-verify_return_error", "-CAfile", target.ca_file]
