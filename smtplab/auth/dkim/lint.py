"""Advice on key records and on signatures as somebody pastes them: what will not do, and what to do about it.

`lint_key` reads a record in the shapes in which people have it: as text, as strings in quotation marks from a
zone file, with a PEM file pasted into it. `lint_signature` reads a DKIM-Signature field. Nobody is asked.
"""

from __future__ import annotations

import re
from itertools import pairwise

from smtplab.mail.errors import RecordError
from smtplab.mail.text import encode

from ..advice import Advice, worst_first
from .key_record import KINDS, KeyRecord, parse_key
from .lint_signature import lint_signature

__all__ = ["lint_key", "lint_signature"]

RECORD = "RFC 6376 §3.6.1"
STRING = 255  # octets: one string of a TXT record holds no more (RFC 1035 §3.3.14)
GOOD_BITS = 2048  # RFC 8301 §3.2: what signers should use
LONG_BITS = 4096

_PRIVATE = re.compile(r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----")
_PEM = re.compile(r"-----(?:BEGIN|END) [A-Z ]{1,40}-----")
# The beginnings of DER for a private RSA key (PKCS#1) and for any private key (PKCS#8), in base64.
_PRIVATE_DER = re.compile(r"p=[ \t\r\n]*+(MII[A-Za-z0-9+/]{3}IBA[AD]|MC4CAQAwBQYDK2Vw)")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_SPACE = re.compile(r"[ \t\r\n]+")
_VERSION = re.compile(r"(?:\A|;)[ \t]*+(v[ \t]*+=[ \t]*+([^;]*))", re.IGNORECASE)
_SERVICES, _FLAGS = ("*", "email", "tlsrpt"), ("y", "s")


def lint_key(text: str, *others: str) -> tuple[Advice, ...]:
    """Advice on the key record `text`, worst first; `others` are further TXT records of the same name.

    Raises nothing: a record that cannot be read is advice too.
    """
    advice = [*_secrets(text), *_pasted(text), *_strings(text)]
    if others:
        why = f"{len(others) + 1} TXT records at one name: verifiers may take any one of them, so leave one"
        advice.append(Advice("policy", why, (0, len(text)), "RFC 6376 §3.6.2.2"))
    bare, places = _unquoted(text)
    try:
        record = parse_key(bare)
    except RecordError as error:
        found = [] if any(one.result == "permerror" for one in advice) else [_explained(bare, error)]
    else:
        found = [*_strength(record), *_tags(record), *_spaces(record)]
    return worst_first([*advice, *(_placed(one, places, len(text)) for one in found)])


def _secrets(text: str) -> list[Advice]:
    """A private key: whoever reads the DNS could then sign."""
    why = "this is the private key: whoever has it signs as you. Make a new one, and publish the public half"
    for shape in (_PRIVATE, _PRIVATE_DER):
        if found := shape.search(text):
            return [Advice("permerror", why, found.span(), RECORD)]
    return []


def _pasted(text: str) -> list[Advice]:
    """The first and last line of a PEM file: base64 has no hyphens."""
    why = "the lines of hyphens belong to the file, not to the key: take them out"
    found = [] if _PRIVATE.search(text) else list(_PEM.finditer(text))
    return [Advice("permerror", why, one.span(), RECORD) for one in found]


def _strings(text: str) -> list[Advice]:
    """The record as a zone file has it: strings of at most 255 octets, joined with nothing between."""
    ref = "RFC 6376 §3.6.2.2"
    quoted = list(_STRING.finditer(text))
    advice = []
    for one in quoted:
        if (size := len(encode(one[1]))) > STRING:
            why = f"one string of a TXT record has at most {STRING} octets, and this has {size}: divide it"
            advice.append(Advice("permerror", why, one.span(1), ref))
    for one, other in pairwise(quoted):
        if one[1].endswith(" ") or other[1].startswith(" "):
            why = "the strings are joined as they are: this space ends up inside, where the two meet"
            advice.append(Advice("neutral", why, (one.end() - 1, other.start() + 1), ref))
    if not quoted and text.startswith('"') != text.endswith('"'):
        at = 0 if text.startswith('"') else len(text) - 1
        advice.append(Advice("permerror", "a quotation mark without its other one", (at, at + 1), ref))
    if not quoted and len(encode(text)) > STRING:
        why = f"{len(encode(text))} octets: in a zone file this is several strings of at most {STRING}"
        advice.append(Advice("neutral", why, (STRING, len(text)), ref))
    return advice


def _unquoted(text: str) -> tuple[str, list[int]]:
    """The strings joined, and for each character where it stands in `text`; nothing to do without quotes."""
    quoted = list(_STRING.finditer(text))
    if not quoted:
        return text, []
    places = [at for one in quoted for at in range(*one.span(1))]
    return "".join(one[1] for one in quoted), places


def _placed(advice: Advice, places: list[int], end: int) -> Advice:
    """Advice on the joined strings, with its place in what was pasted."""
    if not places:
        return advice
    first, last = advice.span
    start = places[first] if first < len(places) else end
    stop = places[last - 1] + 1 if first < last <= len(places) else start
    return Advice(advice.result, advice.message, (start, stop), advice.ref)


def _explained(text: str, error: RecordError) -> Advice:
    """The syntax error, and what to do about those that are made most."""
    if text.lower().startswith("v=spf1"):
        return Advice("permerror", "this is an SPF record; a key record has p=", (0, 6), "RFC 7208 §4.5")
    if (version := _VERSION.search(text)) and version[2].strip() != "DKIM1":
        why = "the version is written v=DKIM1, capitals and all"
        return Advice("permerror", why, version.span(1), RECORD)
    if not text.strip():
        return Advice("permerror", "there is nothing: a withdrawn key is v=DKIM1; p=", (0, 0), RECORD)
    if "p=" in text and ";" not in text.partition("p=")[0].rstrip() and not text.startswith("p="):
        return Advice("permerror", "between tags stands a semicolon", error.span, RECORD)
    return Advice("permerror", error.message, error.span, RECORD)


def _strength(record: KeyRecord) -> list[Advice]:
    span = record.tags["p"].span
    if record.is_revoked:
        why = "an empty p=: the key is withdrawn, and no signature with it counts"
        return [Advice("policy", why, span, RECORD)]
    if record.kind not in KINDS:
        why = f"k= is {' or '.join(KINDS)}: no verifier knows another"
        return [Advice("permerror", why, record.tags["k"].span, RECORD)]
    if record.kind == "ed25519":
        why = "not every verifier knows Ed25519: sign with RSA too, under another selector"
        return [Advice("neutral", why, span, "RFC 8463 §3")]
    if record.bits < 1024:
        why = f"{record.bits} bits: no verifier may accept that; make a key of {GOOD_BITS}"
        return [Advice("permerror", why, span, "RFC 8301 §3.2")]
    if record.bits < GOOD_BITS:
        why = f"{record.bits} bits: some verifiers want {GOOD_BITS}, as signers should use; make a longer key"
        return [Advice("policy", why, span, "RFC 8301 §3.2")]
    if record.bits > LONG_BITS:
        why = f"{record.bits} bits: verifiers need not take keys of more than {LONG_BITS}"
        return [Advice("policy", why, span, "RFC 8301 §3.2")]
    return []


def _tags(record: KeyRecord) -> list[Advice]:
    tags = record.tags
    advice = []
    if "v" not in tags:
        advice.append(Advice("neutral", "v=DKIM1 in front says what the record is", (0, 0), RECORD))
    if record.is_testing:
        why = "t=y: the domain only tests, and its signatures count as none. Take it out once all is well"
        advice.append(Advice("policy", why, tags["t"].span, RECORD))
    if unknown := [flag for flag in record.flags if flag not in _FLAGS]:
        why = f"no verifier knows the flag {unknown[0][:20]}"
        advice.append(Advice("neutral", why, tags["t"].span, RECORD))
    if record.hashes and "sha256" not in record.hashes:
        why = "h= leaves sha256 out, and nothing else counts any more: no signature with this key does"
        advice.append(Advice("permerror", why, tags["h"].span, "RFC 8301 §3.1"))
    elif "sha1" in record.hashes:
        why = "h= allows sha1, which counts no more: leave sha256 alone, or h= out"
        advice.append(Advice("policy", why, tags["h"].span, "RFC 8301 §3.1"))
    if not {"*", "email"} & set(record.services):
        why = "s= names neither email nor *: the key is for no message"
        advice.append(Advice("policy", why, tags["s"].span, RECORD))
    if "g" in tags:
        why = "g= belongs to an older standard, and means nothing any more"
        advice.append(Advice("neutral", why, tags["g"].span, RECORD))
    return advice


def _spaces(record: KeyRecord) -> list[Advice]:
    """White space inside p=: allowed, and a sign that the record was pasted from a file or divided badly."""
    tag = record.tags["p"]
    found = _SPACE.search(record.text, *tag.span)
    if not found:
        return []
    why = "white space inside the key: it is allowed, and some panels and verifiers stumble over it"
    return [Advice("neutral", why, found.span(), RECORD)]
