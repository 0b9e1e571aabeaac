"""The tags of a signature and of a key record in plain words, each with the section that defines it."""

from __future__ import annotations

from collections.abc import Mapping

import htpy as h

from ..auth.dkim.key_record import KeyRecord
from ..auth.dkim.signature import Signature
from ..mail.header.tags import Tag
from .theme import shown

MOST = 40  # tags that are shown
SIGNATURE, KEY = "RFC 6376 §3.5", "RFC 6376 §3.6.1"

_FORMS = {
    "simple": "not one octet may change",
    "relaxed": "white space and folds may change",
}
_BODIES = {
    "simple": "not one octet may change but empty lines at the end",
    "relaxed": "white space may change, and empty lines at the end",
}


def signature(read: Signature) -> h.Node:
    """A signature's tags as a table."""
    return _table(read.tags, {**_who(read), **_what(read), **_when(read)}, SIGNATURE)


def key(read: KeyRecord) -> h.Node:
    """A key record's tags as a table."""
    bits = f"{read.bits} bit {read.kind.upper() if read.kind == 'rsa' else 'Ed25519'} key"
    public = "empty: the key is withdrawn" if read.is_revoked else f"the public key, a {bits}, in base64"
    flags = {"y": "the domain only tests: its signatures count as none", "s": "i= must be in d= itself"}
    words = {
        "v": ("a DKIM key record, version 1", KEY),
        "k": ("the kind of key", "RFC 8463 §4.2" if read.kind == "ed25519" else KEY),
        "p": (public, KEY),
        "h": ("the hashes that may be used with it", KEY),
        "s": ("what it is for: email, or * for all", KEY),
        "t": ("; ".join(flags.get(flag, "a flag that nobody knows") for flag in read.flags), KEY),
        "n": ("a note for people", KEY),
    }
    return _table(read.tags, words, "RFC 6376 §3.6.1")


Words = dict[str, tuple[str, str]]


def _who(read: Signature) -> Words:
    name = f"{read.selector}._domainkey.{read.domain}"
    return {
        "v": ("version 1, the only one", SIGNATURE),
        "d": (f"who signed: {read.domain} answers for the message. From may name another domain", SIGNATURE),
        "s": (f"which of its keys: the public half is in the DNS at {name}", "RFC 6376 §3.1"),
        "i": ("for whom in that domain; it need not be an address that exists", SIGNATURE),
        "q": ("how to get the key: a TXT record", SIGNATURE),
    }


def _what(read: Signature) -> Words:
    header, body = read.canonicalization
    forms = f"header {header}: {_FORMS.get(header, '')}; body {body}: {_BODIES.get(body, '')}"
    kind = "an Ed25519 key" if read.algorithm.startswith("ed25519") else "an RSA key"
    length = f"only the first {read.length} octets of the body are signed: anybody may write more"
    ref = "RFC 8463 §3" if read.algorithm.startswith("ed25519") else "RFC 6376 §3.3"
    return {
        "a": (f"signed with {kind}, over a {read.hash_name.upper()} hash", ref),
        "c": (f"what may change on the way: {forms}", "RFC 6376 §3.4"),
        "h": (_covers(read.headers), "RFC 6376 §5.4.2"),
        "l": (length, "RFC 6376 §8.2"),
        "bh": ("the hash of the body in its canonical form", "RFC 6376 §3.7"),
        "b": ("the signature: over the fields of h= and this field itself, with b= empty", "RFC 6376 §3.7"),
        "z": ("copies of fields as the signer saw them, to find out what changed", SIGNATURE),
    }


def _covers(names: tuple[str, ...]) -> str:
    often = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    more = f"; {', '.join(often[:5])} more than once" if often else ""
    return f"the signed fields, {len(names)} names{more}: of several with one name, the lowest comes first"


def _when(read: Signature) -> Words:
    signed = f"signed at {read.signed_at:%Y-%m-%d %H:%M:%S} UTC" if read.signed_at else ""
    over = f"good until {read.expires:%Y-%m-%d %H:%M:%S} UTC" if read.expires else ""
    return {"t": (signed, SIGNATURE), "x": (over, SIGNATURE)}


def _table(tags: Mapping[str, Tag], words: Words, unknown: str) -> h.Element:
    said = list(tags.items())
    more = len(said) - MOST
    return h.table(".dk-tags")[
        h.thead[h.tr[h.th(scope="col")["Tag"], h.th(scope="col")["What it says"]]],
        h.tbody[
            (
                _row(name, tag.packed, *words.get(name, ("nobody knows this tag", unknown)))
                for name, tag in said[:MOST]
            ),
            h.tr[h.td(colspan="2")[f"and {more} tags more"]] if more > 0 else None,
        ],
    ]


def _row(name: str, value: str, words: str, ref: str) -> h.Element:
    return h.tr[
        h.th(scope="row")[h.code[h.b[f"{shown(name, 40)}="], h.wbr, shown(value, 60)]],
        h.td[shown(words, 400), " ", h.span(".smtplab-ref")[ref]],
    ]
