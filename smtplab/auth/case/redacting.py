"""Redacting a report before it is shown to others: local parts of addresses, and IP addresses.

The same one becomes the same word everywhere, so that the report still makes sense. Domains stay, for the
records under them are public, and so does what people wrote in Subject or as their names.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from smtplab.mail.hosts import Address

_MAILBOX = re.compile(
    r"(\"(?:[^\"\\\n]|\\.){1,64}\"|[^\s<>()\[\],;:\"'`@=]{1,64})@(?=[A-Za-z0-9\[\u0080-\U0010ffff])"
)
_REVERSE = re.compile(
    r"(?<![\w.])((?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]\.){31}[0-9A-Fa-f])\.(in-addr|ip6)\.arpa"
)
_IPV4 = re.compile(r"(?<![\w.§])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*[\w])")
_IPV6 = re.compile(
    r"(?:(?<=ip6:)|(?<=ipv6:)|(?<![\w:.]))(?:[0-9A-F]{0,4}:){2,7}[0-9A-F.]{0,15}(?![\w:])", re.IGNORECASE
)
KEPT = frozenset(("postmaster", "mailer-daemon", "abuse"))  # nobody's own


class Redactor:
    """Keeps for each local part and IP address the word that stands for it."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def text(self, text: str) -> str:
        """`text` with a word for each local part ("user1") and each IP address ("ip1")."""
        text = _MAILBOX.sub(lambda found: f"{self._user(found[1])}@", text)
        text = _REVERSE.sub(self._reverse, text)
        for pattern in (_IPV6, _IPV4):
            text = pattern.sub(lambda found: self._ip(found[0]), text)
        return text

    def data(self, data: Any) -> Any:
        """Plain JSON types with each string redacted; names in objects stay."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {name: self.data(value) for name, value in data.items()}
        return [self.data(value) for value in data] if isinstance(data, list) else data

    def _user(self, local: str) -> str:
        bare = local.strip('"').lower()
        return local if bare in KEPT else self._word("user", bare)

    def _ip(self, written: str) -> str:
        address = _address(written)
        return self._word("ip", str(address)) if address else written

    def _reverse(self, found: re.Match[str]) -> str:
        parts = found[1].split(".")[::-1]
        dotted = ".".join(parts)
        if found[2] == "ip6":
            dotted = ":".join("".join(parts[at : at + 4]) for at in range(0, len(parts), 4))
        address = _address(dotted)
        return f"{self._word('ip', str(address))}.{found[2]}.arpa" if address else found[0]

    def _word(self, kind: str, key: str) -> str:
        whole = f"{kind} {key}"
        if whole not in self._words:
            count = sum(one.startswith(f"{kind} ") for one in self._words)
            self._words[whole] = f"{kind}{count + 1}"
        return self._words[whole]


def _address(written: str) -> Address | None:
    try:
        return ip_address(written)
    except ValueError:
        return None
