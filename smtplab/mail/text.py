"""Text from the wire, made safe to look at.

Mail headers, DNS records and SMTP lines are written by strangers. `visible` is the one place where
their bytes become something a person can read: nothing that moves the cursor, reverses the line or
hides itself gets through, and nothing is lost, because each such character is shown by its code.
"""

from __future__ import annotations

import re
import unicodedata

_NO_OCTET = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")  # surrogates that `decode` never makes

# Control, format, surrogate, private and unassigned characters, line and paragraph separators.
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point outside Cf).
_INVISIBLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def decode(data: bytes) -> str:
    """UTF-8 where it is UTF-8, otherwise each odd octet kept as a surrogate (never raises)."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The inverse of `decode`: the octets that were there. A character that UTF-8 lacks becomes "?"."""
    return _NO_OCTET.sub("?", text).encode("utf-8", "surrogateescape")


def _shown(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # an octet that was not UTF-8, kept by `decode`
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN or _INVISIBLE.match(char) is not None


def visible(text: str | bytes, keep: str = "") -> str:
    """`text` with every character that does not show written as `\\x1b`, `\\u202e` or `\\U000e0001`.

    Format characters are among them, and so are the bidirectional overrides that make text read
    backwards (Unicode category Cf). Characters in `keep` stay as they are: pass "\\n" or "\\t" where
    layout is wanted.
    """
    if isinstance(text, bytes):
        text = decode(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) if char not in keep and _is_hidden(char) else char for char in text)
