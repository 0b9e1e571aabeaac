"""Received-SPF, written (RFC 7208 §9.1): what the SPF check found, on top of the message.

It says the same as the spf part of Authentication-Results, and more of how it was found. A server that
writes both puts them in one place and has them agree (RFC 7208 §9).
"""

from __future__ import annotations

import re

from ...mail.text import visible
from ..results import WIDTH, clean, quoted
from .result import SpfVerdict

_DOT_ATOM = re.compile(r"[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~]+(?:\.[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~]+)*")
_SAYS = {
    "pass": "{domain} lets {ip} send for it",
    "fail": "{domain} does not let {ip} send for it",
    "softfail": "{domain} lets {ip} send for it hardly: its owner is not sure",
    "neutral": "{domain} says nothing about {ip}",
    "none": "{domain} has no SPF record",
    "temperror": "the DNS did not answer for {domain}",
    "permerror": "the SPF record of {domain} is in error",
}


def write(
    verdict: SpfVerdict, *, ip: str, mail_from: str, helo: str, receiver: str, utf8: bool = False
) -> str:
    """The field, folded, with its name and its CRLF. `mail_from` is an address, "" for the null reverse-path.

    The null reverse-path leaves HELO as the identity that was checked (RFC 7208 §2.4).
    """
    null = mail_from in ("", "<>")
    domain = clean(verdict.domain, utf8=utf8) or "nobody"
    says = _SAYS[verdict.result].format(domain=domain, ip=ip)
    pairs = {
        "client-ip": ip,
        "envelope-from": "" if null else mail_from,
        "helo": helo,
        "receiver": receiver,
        "identity": "helo" if null else "mailfrom",
    }
    if verdict.term:
        pairs["mechanism"] = verdict.term
    if verdict.result in ("permerror", "temperror"):
        bad = [step for step in verdict.steps if step.result == verdict.result]
        pairs["problem"] = visible(f"{bad[-1].what}: {bad[-1].why}") if bad else verdict.result
    comment = re.sub(r"([()\\])", r"\\\1", f"{receiver}: {says}")
    words = [f"Received-SPF: {verdict.result}", f"({comment})"]
    values = [f"{key}={_value(clean(value, utf8=utf8))}" for key, value in pairs.items()]
    words += [f"{value};" for value in values[:-1]] + values[-1:]
    return _folded(words)


def _value(value: str) -> str:
    return value if _DOT_ATOM.fullmatch(value) else quoted(value)


def _folded(words: list[str]) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"\t{word}")
    return "\r\n".join(lines) + "\r\n"
