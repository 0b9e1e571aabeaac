"""The DMARC record (RFC 9989 §4.7, §4.8): read it, tag by tag, and say what in it cannot be used.

Only the version can make a record unreadable. Whatever else is wrong is left out, as the standard has it, and
kept in `faults`, so that a linter and a verdict can say so. It asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from smtplab.mail.errors import RecordError

Policy = Literal["none", "quarantine", "reject"]
Alignment = Literal["r", "s"]
POLICIES: tuple[Policy, ...] = ("none", "quarantine", "reject")
MAX_TEXT = 65535  # octets: no DNS message is longer (RFC 1035 §4.2.2)
MOST_TAGS = 100  # that are looked at: the standard knows eleven

# tag -> what it may say (RFC 9989 §4.8); rua and ruf are lists of addresses
VALUES = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
}
NAMES = {"v", *VALUES, "rua", "ruf", "fo"}
GONE = ("pct", "rf", "ri")  # RFC 7489 §6.3 had them, RFC 9989 has not
FO = ("0", "1", "d", "s")  # each at most once, and 0 and 1 not together

# v is an ABNF literal, which has no case (RFC 5234 §2.3); DMARC1 is %s"DMARC1", which has. The other names
# are no literals: they are DKIM's tags, which have (RFC 9989 §4.7, RFC 6376 §3.2).
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_TAG = re.compile(r"[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(.*?)[ \t]*", re.DOTALL)
# a URI without the characters that must be encoded in it, and the size limit that RFC 7489 §6.2 allowed
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):([^\s,!;]+)(?:!([0-9]+[kmgt]?))?", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Tag:
    """`name=value` as it stands, and where in the record it is. The version's name is "v" in any case."""

    name: str
    value: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was read. `p`, `sp` and `np` are "" where they are not there or not valid.

    `rua` and `ruf` are the addresses that can be used (`mailto:...`). `faults` are the tags that cannot be
    used, each with the reason.
    """

    text: str
    tags: tuple[Tag, ...]
    p: Policy | Literal[""] = ""
    sp: Policy | Literal[""] = ""
    np: Policy | Literal[""] = ""
    psd: str = "u"
    testing: bool = False
    adkim: Alignment = "r"
    aspf: Alignment = "r"
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    fo: str = "0"
    faults: tuple[tuple[Tag, str], ...] = ()

    @property
    def usable(self) -> bool:
        """Whether it says a policy, or at least where to report to (RFC 9989 §4.10.1)."""
        return self.sound or bool(self.rua)

    @property
    def sound(self) -> bool:
        """Whether p is valid, and sp and np as well where they are there (RFC 9989 §4.10.1)."""
        wrong = {tag.name for tag, _ in self.faults}
        return bool(self.p) and not wrong & {"p", "sp", "np"}

    def tag(self, name: str) -> Tag | None:
        """The first tag of that name."""
        return next((tag for tag in self.tags if tag.name == name), None)


def select(texts: Iterable[str]) -> list[str]:
    """Those TXT records that are DMARC records of this version (RFC 9989 §4.10). More than one is as none."""
    return [text for text in texts if _VERSION.match(text)]


def parse(text: str) -> Record:
    """Read a record. Raises RecordError, with the span, where it does not begin with v=DMARC1, and where it
    is longer than the DNS can carry (RFC 9989 §4.7)."""
    if not _VERSION.match(text):
        end = min([len(text), 12, *([text.find(";")] if ";" in text else [])])
        raise RecordError("a DMARC record begins with v=DMARC1, in capitals, and a semicolon", text, (0, end))
    if len(text) > MAX_TEXT:
        raise RecordError("no DNS message could carry so long a record", text, (MAX_TEXT, len(text)))
    tags, broken = _split(text)
    found: dict[str, Tag] = {}
    faults = list(broken)
    for tag in tags:
        if tag.name not in NAMES and tag.name.lower() in NAMES:
            faults.append((tag, "the names of tags are small letters, and others mean nothing"))
        elif tag.name in found:
            faults.append((tag, f"{tag.name}= stands there twice, and the first one counts"))
        else:
            found[tag.name] = tag
    valid = {name: _valid(tag, faults) for name, tag in found.items()}
    return Record(
        text,
        tuple(tags),
        p=valid.get("p", ""),  # type: ignore[arg-type]
        sp=valid.get("sp", ""),  # type: ignore[arg-type]
        np=valid.get("np", ""),  # type: ignore[arg-type]
        psd=valid.get("psd") or "u",
        testing=valid.get("t") == "y",
        adkim="s" if valid.get("adkim") == "s" else "r",
        aspf="s" if valid.get("aspf") == "s" else "r",
        rua=_addresses(found.get("rua"), faults),
        ruf=_addresses(found.get("ruf"), faults),
        fo=valid.get("fo") or "0",
        faults=tuple(faults),
    )


def _split(text: str) -> tuple[list[Tag], list[tuple[Tag, str]]]:
    tags: list[Tag] = []
    broken: list[tuple[Tag, str]] = []
    start = 0
    for part in text.split(";"):
        end = start + len(part)
        found = _TAG.fullmatch(part)
        if found:
            at = start + found.start(1)
            tags.append(Tag(found[1] if tags else "v", found[2], (at, start + found.end(2))))
        elif part.strip():
            at = start + len(part) - len(part.lstrip())
            broken.append((Tag("", part.strip(), (at, at + len(part.strip()))), "it is not name=value"))
        if len(tags) + len(broken) >= MOST_TAGS:
            break
        start = end + 1
    return tags, broken


def _valid(tag: Tag, faults: list[tuple[Tag, str]]) -> str:
    """The tag's value in lower case, "" for one that cannot be used."""
    value, allowed = tag.value.lower(), VALUES.get(tag.name)
    if allowed and value not in allowed:
        faults.append((tag, f"{tag.name} is one of {', '.join(allowed)}"))
        return ""
    if tag.name == "fo":
        chosen = value.split(":")
        if not set(chosen) <= set(FO) or len(set(chosen)) < len(chosen) or {"0", "1"} <= set(chosen):
            faults.append((tag, "fo is 0 or 1, and d and s, with colons between, each at most once"))
            return ""
    return value


def _addresses(tag: Tag | None, faults: list[tuple[Tag, str]]) -> tuple[str, ...]:
    """The URIs of rua or ruf that can be used: receivers know mailto (RFC 9989 §4.6)."""
    if tag is None:
        return ()
    good = []
    for each in tag.value.split(","):
        found = _URI.fullmatch(each.strip())
        if found and (found[1].lower() != "mailto" or _MAIL.fullmatch(found[2].partition("?")[0])):
            good.append(f"{found[1].lower()}:{found[2]}")
        else:
            faults.append((tag, "an address for reports is written mailto:somebody@domain"))
    return tuple(good)
