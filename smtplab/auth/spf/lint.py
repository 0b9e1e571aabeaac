"""Advice on an SPF record: what will not do, and what will do and should not be done.

`lint` reads the record's text alone. It asks nobody, so what an include costs further down is not counted.
"""

from __future__ import annotations

from ipaddress import ip_address

from smtplab.mail.errors import RecordError

from ..advice import Advice, worst_first
from .asking import LIMITS, MAX_LOOKUPS
from .record import ASKS, RULES, Mechanism, Modifier, Record, Term, parse, select

LONG = 450  # octets: RFC 7208 §3.4 wants the answer to fit into 512, and 450 leaves room for the rest
WIDE = "so short a prefix lets a large part of the net send"


def lint(text: str, *others: str) -> tuple[Advice, ...]:
    """Advice on the record `text`, worst first; `others` are further TXT records of the same name.

    Raises nothing: a record that cannot be read is advice too, and then the only one.
    """
    whole = (0, len(text))
    advice = []
    more = len(select(others))
    if more:
        why = f"{more + 1} SPF records: receivers neither join them nor take the first, they give up on all"
        advice.append(Advice("permerror", why, whole, "RFC 7208 §4.5"))
    try:
        record = parse(text)
    except RecordError as error:
        return (*advice, Advice("permerror", error.message, error.span, "RFC 7208 §4.6"))
    advice += [*_lookups(record), *_end(record)]
    for term in record.terms:
        advice += _of(term)
    if len(text) > LONG:
        why = f"{len(text)} octets: over {LONG} an answer may not fit into one UDP packet"
        advice.append(Advice("neutral", why, (LONG, len(text)), "RFC 7208 §3.4"))
    return worst_first(advice)


def cost(record: Record) -> list[Term]:
    """The terms of this one record that count towards the ten that may ask the DNS (RFC 7208 §4.6.4)."""
    ends = any(mechanism.name == "all" for mechanism in record.mechanisms)
    return [term for term in record.terms if term.name in ASKS and not (term.name == "redirect" and ends)]


def _lookups(record: Record) -> list[Advice]:
    asking = cost(record)
    if len(asking) <= MAX_LOOKUPS:
        return []
    over = asking[MAX_LOOKUPS]
    why = f"{len(asking)} terms ask the DNS, and {MAX_LOOKUPS} may: from here on it is an error"
    return [Advice("permerror", why, (over.span[0], asking[-1].span[1]), LIMITS)]


def _end(record: Record) -> list[Advice]:
    """How the record ends: with all, with redirect, with neither, or with terms that nobody reaches."""
    alls = [mechanism for mechanism in record.mechanisms if mechanism.name == "all"]
    if not alls:
        if record.redirect:
            return []
        why = "without all at the end, hosts that are not listed come out as neutral, as without a record"
        return [Advice("policy", why, (len(record.text), len(record.text)), "RFC 7208 §4.7")]
    found = []
    last = alls[0]
    if last.result in ("pass", "neutral"):
        whom = "lets the whole world send for the domain" if last.result == "pass" else "says nothing"
        found.append(Advice("policy", f"{last.text} {whom}", last.span, RULES["all"]))
    after = [mechanism for mechanism in record.mechanisms if mechanism.span[0] > last.span[1]]
    if after:
        span = (after[0].span[0], after[-1].span[1])
        found.append(Advice("policy", "nothing after all is ever looked at", span, RULES["all"]))
    if record.redirect:
        why = "redirect= counts where nothing matched, and all always matches"
        found.append(Advice("policy", why, record.redirect.span, RULES["redirect"]))
    return found


def _of(term: Term) -> list[Advice]:
    if isinstance(term, Modifier):
        if term.name in ("redirect", "exp"):
            return []
        return [Advice("neutral", f"{term.name}= means nothing in SPF", term.span, "RFC 7208 §6")]
    if term.name == "ptr":
        why = "slow, and a burden for the name servers of others: the RFC says not to use it"
        return [Advice("policy", why, term.span, RULES["ptr"])]
    if term.name in ("ip4", "ip6"):
        return _network(term)
    wide = term.name in ("a", "mx") and (term.prefix4 < 16 or term.prefix6 < 32)
    return [
        Advice("policy", "so short a prefix lets a large part of the net send", term.span, RULES[term.name])
    ] * wide


def _network(term: Mechanism) -> list[Advice]:
    bits, prefix = (32, term.prefix4) if term.name == "ip4" else (128, term.prefix6)
    found = []
    if term.network & ((1 << bits - prefix) - 1):
        net = term.network >> bits - prefix << bits - prefix
        kind = ip_address(net.to_bytes(bits // 8, "big"))
        why = f"the address has bits beyond the prefix: it means {term.name}:{kind}/{prefix}"
        found.append(Advice("neutral", why, term.span, RULES[term.name]))
    if prefix < (16 if bits == 32 else 32):
        found.append(Advice("policy", WIDE, term.span, RULES[term.name]))
    return found
