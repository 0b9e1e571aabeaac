"""How an MTA serves its ports, and what it puts up with: records of its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXTENSIONS = [
    "SIZE",
    "8BITMIME",
    "SMTPUTF8",
    "PIPELINING",
    "CHUNKING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "AUTH",
    "HELP",
]


@dataclass(frozen=True, slots=True)
class Service:
    """How an MTA serves one of its ports.

    `tls` is "offered" (STARTTLS may come), "required" (nothing else before it), "implicit" (TLS from
    the first byte) or "none". `submission` is for the host's own users, who must log in (RFC 6409).
    """

    port: int
    tls: Literal["none", "offered", "required", "implicit"] = "offered"
    auth: bool = False
    submission: bool = False


@dataclass(slots=True)
class Limits:
    """What the server puts up with: octets in a message, recipients in a transaction, seconds."""

    size: int = 10_240_000
    recipients: int = 100  # RFC 5321 §4.5.3.1.8: at least this many
    idle: float = 300.0  # RFC 5321 §4.5.3.2.7: at least five minutes
    greet_pause: float = 0.0  # how long a client has to keep silent before the greeting
    bad_passwords: int = 3  # from one address within the window, and it is locked out; 0 for no end
    bad_password_window: float = 600.0  # by the lab's clock
