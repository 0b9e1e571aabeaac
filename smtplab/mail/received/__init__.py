"""Trace fields: what each host wrote on a message, and which path that shows (RFC 5321 §4.4).

`parse` takes one Received field apart, `chain` reads a whole message's. Neither believes a field: a
line is evidence only when a host that you trust wrote it.
"""

from ..hosts import Address
from .chain import chain
from .hops import Chain, Hop
from .parse import parse
from .record import Received, Span, Tls

__all__ = ["Address", "Chain", "Hop", "Received", "Span", "Tls", "chain", "parse"]
