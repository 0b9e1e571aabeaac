"""Write a key record from a key and what it is for (RFC 6376 §3.6.1), and as a zone file has it.

`keys.record` is the short way. Nothing is published here.
"""

from __future__ import annotations

from collections.abc import Iterable

from .key_record import KeyRecord, parse_key
from .keys import PrivateKey, record

STRING = 255  # octets: one string of a TXT record holds no more (RFC 6376 §3.6.2.2)


def build(
    key: PrivateKey | None = None,
    *,
    testing: bool = False,
    strict: bool = False,
    services: Iterable[str] = (),
    hashes: Iterable[str] = (),
    notes: str = "",
) -> str:
    """The record for the public half of `key`; without one, that of a key that was withdrawn (an empty p=).

    `testing` is t=y and `strict` t=s; `services` and `hashes` limit what the key is for; `notes` is n=, for
    people. Raises RecordError for what cannot stand in a record.
    """
    tags = dict(tag.split("=", 1) for tag in (record(key) if key else "v=DKIM1; p=").split("; "))
    public = tags.pop("p")
    flags = ["y"] * testing + ["s"] * strict
    for name, values in (("h", hashes), ("s", services), ("t", flags)):
        if joined := ":".join(values):
            tags[name] = joined
    if notes:
        tags["n"] = notes
    read: KeyRecord = parse_key("; ".join(f"{name}={value}" for name, value in {**tags, "p": public}.items()))
    return read.text


def zone_text(text: str) -> str:
    """The record as strings for a zone file: each of at most 255 octets, in quotation marks."""
    strings = [text[at : at + STRING] for at in range(0, len(text), STRING)] or [""]
    return " ".join('"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in strings)
