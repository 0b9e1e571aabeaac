"""Text from the wire, made safe to look at.

Mail headers, DNS records and SMTP lines are written by strangers. `visible` is the one place where
their bytes become something a person can read: nothing that moves the cursor, reverses the line or
hides itself gets through, and nothing is lost, because each such character is shown by its code.
"""

from __future__ import annotations

import unicodedata


def decode(data: bytes) -> str:
    """UTF-8 where it is UTF-8, otherwise each odd octet kept as a surrogate (never raises)."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The inverse of `decode`: the octets that were there. A character that UTF-8 lacks becomes "?"."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _shown(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # an octet that was not UTF-8, kept by `decode`
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def visible(text: str | bytes, keep: str = "") -> str:
    """`text` with every control, format and surrogate character written as `\\x1b` or `\\u202e`.

    Format characters include the bidirectional overrides that make text read backwards (Unicode
    category Cf). Characters in `keep` stay as they are: pass "\\n" or "\\t" where layout is wanted.
    """
    if isinstance(text, bytes):
        text = decode(text)
    if text.isascii() and text.isprintable():
        return text
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return "".join(
        _shown(c) if c not in keep and unicodedata.category(c) in hidden else c for c in text
    )
