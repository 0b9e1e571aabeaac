"""Encoded words: text beyond ASCII in header fields (RFC 2047, RFC 2231).

What does `=?utf-8?q?Gr=C3=BC=C3=9Fe?=` say? `decoded` answers, and leaves alone what it cannot read: an
unknown charset or broken base64 stays as written. It never raises.

It knows the charsets that mail is written in and no other: Python's codecs include some that compress,
escape, or take quadratic time, and a stranger chooses the name.
"""

from __future__ import annotations

import binascii
import re

_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?\s]*)\?=")
_NUMBERED = re.compile(r"(?:iso[-_]?8859[-_]?(?:[1-9]|1[013456])|(?:windows|cp)[-_]?125[0-8]|koi8[-_][ru])")
_OTHERS = {
    "us-ascii": "ascii",
    "ascii": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "latin1": "iso8859-1",
    "utf-16": "utf-16",
    "utf-16le": "utf-16le",
    "utf-16be": "utf-16be",
    "iso-2022-jp": "iso2022_jp",
    "euc-jp": "euc_jp",
    "shift_jis": "shift_jis",
    "euc-kr": "euc_kr",
    "ks_c_5601-1987": "euc_kr",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "big5": "big5",
}


def codec(charset: str) -> str:
    """Python's name for a charset of mail, "" for one that is not known here."""
    name = charset.strip().lower()
    if _NUMBERED.fullmatch(name):
        return name.replace("windows", "cp").replace("cp-", "cp").replace("cp_", "cp")
    return _OTHERS.get(name, "")


def decoded(text: str) -> str:
    """`text` with its encoded words read; spaces between two of them are dropped (RFC 2047 §6.2)."""
    parts: list[str] = []
    last = -1
    at = 0
    for found in _WORD.finditer(text):
        between = text[at : found.start()]
        word = _read(*found.groups())
        if word is None:
            continue
        if last != at or between.strip(" \t\r\n"):
            parts.append(between)
        parts.append(word)
        last = at = found.end()
    return "".join([*parts, text[at:]])


def _read(charset: str, encoding: str, content: str) -> str | None:
    name = codec(charset.partition("*")[0])  # RFC 2231 §5: a language may follow the charset
    if not name or not content.isascii():
        return None
    try:
        if encoding in "bB":
            data = binascii.a2b_base64(content + "=" * (-len(content) % 4))
        else:
            data = binascii.a2b_qp(content.encode("ascii"), header=True)
    except binascii.Error:
        return None
    return data.decode(name, "replace")
