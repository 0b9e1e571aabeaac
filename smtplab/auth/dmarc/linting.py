"""Advice on a DMARC record: what receivers cannot use, and what its owner hardly wants.

It looks at the record's text, and at the name that it stands at where that is given. It asks nobody: whether
an address for reports elsewhere agrees is asked by `reports`.
"""

from __future__ import annotations

from smtplab.mail.errors import RecordError
from smtplab.mail.text import visible

from ..advice import Advice, worst_first
from .record import GONE, NAMES, POLICIES, Record, parse, select

TAGS = "RFC 9989 §4.7"


def lint(text: str, *others: str, name: str = "") -> tuple[Advice, ...]:
    """Advice on the record `text`, worst first; `others` are further TXT records of the same name, and `name`
    is that name ("_dmarc.acorn.example"). Raises nothing."""
    whole = (0, len(text))
    advice = []
    more = len(select(others))
    if more:
        why = f"{more + 1} DMARC records at one name: receivers then take none of them; keep one"
        advice.append(Advice("permerror", why, whole, "RFC 9989 §4.10"))
    if name and not name.lower().startswith("_dmarc."):
        why = f"it belongs at _dmarc.{visible(name)[:100]}: nobody looks for it elsewhere"
        advice.append(Advice("permerror", why, whole, "RFC 9989 §4.5"))
    try:
        record = parse(text)
    except RecordError as error:
        return worst_first([*advice, Advice("permerror", error.message, error.span, TAGS)])
    advice += _faults(record)
    advice += _policy(record)
    advice += _reports(record, name)
    advice += _other(record)
    return worst_first(advice)


def _faults(record: Record) -> list[Advice]:
    found = []
    for tag, why in record.faults:
        weight = tag.name in ("p", "sp", "np")
        what = f"{why}; receivers leave this tag out" if not weight else f"{why}; so no policy is applied"
        found.append(Advice("permerror" if weight and not record.rua else "policy", what, tag.span, TAGS))
    return found


def _policy(record: Record) -> list[Advice]:
    found: list[Advice] = []
    end = (len(record.text), len(record.text))
    if not record.tag("p"):
        result = "policy" if record.rua else "permerror"
        why = (
            "without p= it counts as p=none where rua= is there, and as nothing where it is not; write p=none"
        )
        return [Advice(result, why, end, "RFC 9989 §4.10.1")]  # type: ignore[arg-type]
    if record.p == "none" and not record.rua:
        tag = record.tag("p")
        why = "p=none asks for nothing, and without rua= no report comes either: add rua=mailto:..."
        found.append(Advice("policy", why, tag.span if tag else end, TAGS))
    for name, value in (("sp", record.sp), ("np", record.np)):
        tag = record.tag(name)
        if tag and value and record.p and POLICIES.index(value) < POLICIES.index(record.p):
            why = f"{name}={value} is milder than p={record.p}: whoever forges takes a subdomain"
            found.append(Advice("policy", why, tag.span, TAGS))
    if record.testing and (tag := record.tag("t")):
        why = "t=y says that the policy is a test: take it out when the test is over"
        found.append(Advice("neutral", why, tag.span, TAGS))
    return found


def _reports(record: Record, name: str) -> list[Advice]:
    found = []
    domain = name.lower().removeprefix("_dmarc.")
    for tag_name, uris in (("rua", record.rua), ("ruf", record.ruf)):
        tag = record.tag(tag_name)
        for uri in uris if tag else ():
            host = uri.partition(":")[2].partition("?")[0].rpartition("@")[2].lower()
            if tag and not uri.startswith("mailto:"):
                why = "receivers know mailto: alone, and may leave this address out"
                found.append(Advice("neutral", why, tag.span, "RFC 9989 §4.6"))
            elif tag and domain and host and host != domain and not host.endswith("." + domain):
                why = f"reports go to another domain: {domain}._report._dmarc.{host} must say v=DMARC1 there"
                found.append(Advice("neutral", visible(why)[:300], tag.span, "RFC 9990 §4"))
    return found


def _other(record: Record) -> list[Advice]:
    found = []
    for tag in record.tags:
        if tag.name in GONE:
            why = f"{tag.name}= is gone since RFC 9989; receivers leave it out"
            why += ": use t=y for a test" if tag.name == "pct" else ""
            found.append(Advice("neutral", why, tag.span, "RFC 9989 §9.3"))
        elif tag.name.lower() not in NAMES:  # a capital in one is among the faults
            found.append(
                Advice("neutral", f"{visible(tag.name)[:40]}= means nothing in DMARC", tag.span, TAGS)
            )
    fo = record.tag("fo")
    if fo and not record.tag("ruf"):
        found.append(Advice("neutral", "fo= counts only together with ruf=", fo.span, TAGS))
    psd = record.tag("psd")
    if psd and record.psd == "y":
        why = "psd=y is for registries such as .example's: the domain would lose its subdomains to others"
        found.append(Advice("policy", why, psd.span, TAGS))
    return found
