"""Tag lists: `v=1; a=rsa-sha256; …`, the form of DKIM and ARC fields (RFC 6376 §3.2).

Which tags are there, with which values, and where does each stand? Nothing is known here of any tag's
meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import RecordError

# tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]; tag-name = ALPHA *ALNUMPUNC
_SPEC = re.compile(r"[ \t\r\n]*+([A-Za-z][A-Za-z0-9_]*+)[ \t\r\n]*+=[ \t\r\n]*+")
# tag-value: printable ASCII but for the semicolon, with white space inside
_WRONG = re.compile(r"[^!-~ \t\r\n]")
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]++")


@dataclass(frozen=True, slots=True)
class Tag:
    """A value as written, trimmed, folds included, and its span in the text."""

    value: str
    span: tuple[int, int]

    @property
    def packed(self) -> str:
        """The value without any white space, which base64 and lists may hold anywhere."""
        value = self.value
        if " " in value or "\n" in value or "\t" in value or "\r" in value:  # most have none
            return _SPACE.sub("", value)
        return value


def parse(text: str, *, wide: bool = False) -> dict[str, Tag]:
    """The tags of a list, in order. Raises RecordError, for a tag that comes twice too (RFC 6376 §3.2).

    With `wide` a value may hold more than ASCII, as in an internationalized message (RFC 8616 §5).
    """
    wrong = _UNFIT if wide else _WRONG
    found: dict[str, Tag] = {}
    at = 0
    while at < len(text):
        end = text.find(";", at)
        end = len(text) if end < 0 else end
        if not text[at:end].strip(" \t\r\n") and end == len(text) and found:
            break  # a last semicolon may be there or not
        name, tag = _tag(text, at, end, wrong)
        if name in found:
            raise RecordError(f"the tag {name}= stands once", text, (at, end))
        found[name] = tag
        at = end + 1
    if not found:
        raise RecordError("a tag list is like v=1; a=rsa-sha256", text, (0, len(text)))
    return found


def _tag(text: str, at: int, end: int, never: re.Pattern[str]) -> tuple[str, Tag]:
    spec = _SPEC.match(text, at, end)
    if not spec:
        raise RecordError("a tag is a name, an equals sign and a value", text, (at, end))
    if wrong := never.search(text, spec.end(), end):
        raise RecordError("a tag's value is printable ASCII", text, wrong.span())
    value = text[spec.end() : end].rstrip(" \t\r\n")
    return spec[1], Tag(value, (spec.end(), spec.end() + len(value)))
