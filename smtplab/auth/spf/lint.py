"""Advice on an SPF record: what will not do, what will do and should not be done, and how to mend it.

`lint` reads the record's text. With a `CostTree` it also says what is behind the text: what includes cost,
and whom they let in (`behind`). It asks nobody itself.
"""

from __future__ import annotations

from ipaddress import ip_address

from smtplab.mail.errors import RecordError

from ..advice import Advice, Severity, worst_first
from .asking import LIMITS, MAX_LOOKUPS, cut
from .behind import behind
from .networks import Networks, is_wide
from .record import RULES, Mechanism, Modifier, Record, Term, parse, select
from .tree import CostTree
from .weighing import counted

LONG = 450  # octets: RFC 7208 §3.4 wants the answer to fit into 512, and 450 leaves room for the rest
MOST = 50  # remarks on one record
WIDE = "so short a prefix lets a large part of the net send: name only networks that are yours"


def lint(text: str, *others: str, tree: CostTree | None = None) -> tuple[Advice, ...]:
    """Advice on the record `text`, worst first; `others` are further TXT records of the same name.

    With `tree`, which `cost_tree(domain, record=text, resolve=...)` makes, what stands behind the names is
    looked at as well. Raises ValueError where that is the tree of another record, and nothing else: a record
    that cannot be read is advice too, and then the only one.
    """
    if tree and tree.root.record != text:
        raise ValueError("The tree is that of another record: make it with cost_tree(..., record=text).")
    whole = (0, len(text))
    advice = []
    more = len(select(others))
    if more:
        why = f"{more + 1} SPF records: receivers do not join them, they give up on all; write one"
        advice.append(Advice("permerror", why, whole, "RFC 7208 §4.5"))
    try:
        record = parse(text)
    except RecordError as error:
        return (*advice, Advice("permerror", error.message, error.span, "RFC 7208 §4.6"))
    advice += [*(behind(record, tree) if tree else _lookups(record)), *_end(record), *_again(record)]
    for term in record.terms:
        advice += _of(term)
    if len(text) > LONG:
        why = f"{len(text)} octets: over {LONG} an answer may not fit into one UDP packet; join networks, or "
        why += "move some into a record of their own that you include"
        advice.append(Advice("neutral", why, (LONG, len(text)), "RFC 7208 §3.4"))
    advice = list(worst_first(advice))
    if len(advice) > MOST:
        why = f"{len(advice) - MOST} more remarks, none of them worse"
        advice[MOST:] = [Advice("neutral", why, whole, "RFC 7208 §4.6")]
    return tuple(advice)


def cost(record: Record) -> list[Term]:
    """The terms of this one record that count towards the ten that may ask the DNS (RFC 7208 §4.6.4).

    What includes cost further down is not in it: `cost_tree` has that.
    """
    return counted(record)


def _lookups(record: Record) -> list[Advice]:
    asking = cost(record)
    if len(asking) <= MAX_LOOKUPS:
        return []
    over = asking[MAX_LOOKUPS]
    why = (
        f"{len(asking)} terms ask the DNS, and {MAX_LOOKUPS} may: from here on it is an error. Take out who "
    )
    why += "no longer sends, and write ip4 and ip6 for hosts of your own"
    return [Advice("permerror", why, (over.span[0], asking[-1].span[1]), LIMITS)]


def _end(record: Record) -> list[Advice]:
    """How the record ends: with all, with redirect, with neither, or with terms that nobody reaches."""
    alls = [mechanism for mechanism in record.mechanisms if mechanism.name == "all"]
    if not alls:
        if record.redirect:
            return []
        why = (
            "without all, hosts that are not listed come out as neutral, as if there were no record: end it "
        )
        why += "in ~all or -all"
        return [Advice("policy", why, (len(record.text), len(record.text)), "RFC 7208 §4.7")]
    found = []
    last = alls[0]
    if last.result in ("pass", "neutral"):
        whom = "lets the whole world send for the domain" if last.result == "pass" else "says nothing"
        found.append(Advice("policy", f"{last.text} {whom}: write ~all or -all", last.span, RULES["all"]))
    after = [mechanism for mechanism in record.mechanisms if mechanism.span[0] > last.span[1]]
    if after:
        span = (after[0].span[0], after[-1].span[1])
        why = "nothing after all is ever looked at: move it before all, or take it out"
        found.append(Advice("policy", why, span, RULES["all"]))
    if record.redirect:
        why = "redirect= counts where nothing matched, and all always matches: keep one of the two"
        found.append(Advice("policy", why, record.redirect.span, RULES["redirect"]))
    return found


def _again(record: Record) -> list[Advice]:
    """Terms that never decide, as an earlier one says the same or covers them."""
    found = []
    seen: dict[str, Mechanism] = {}
    networks = Networks()
    for term in record.mechanisms:
        key = term.text.lstrip("+-~?").lower()
        first = seen.setdefault(key, term)
        if term.name in ("ip4", "ip6"):
            first = networks.covering(term) or term
            networks.add(term)
        if first is term or term.name == "all":
            continue
        how = "says the same" if first.text.lower() == term.text.lower() else "covers it"
        why = f"{cut(first.text)} stands before it and {how}, so it never decides: take it out"
        result: Severity = "neutral" if first.result == term.result else "policy"
        found.append(Advice(result, why, term.span, "RFC 7208 §4.6.2"))
    return found


def _of(term: Term) -> list[Advice]:
    if isinstance(term, Modifier):
        if term.name in ("redirect", "exp"):
            return []
        why = f"{cut(term.name)}= means nothing in SPF: take it out"
        return [Advice("neutral", why, term.span, "RFC 7208 §6")]
    if term.name == "ptr":
        why = (
            "slow, and a burden for the name servers of others: the RFC says not to use it; write ip4 and ip6"
        )
        return [Advice("policy", why, term.span, RULES["ptr"])]
    found = [_beyond(term)] if term.name in ("ip4", "ip6") and Networks.rest(term) else []
    if is_wide(term):
        found.append(Advice("policy", WIDE, term.span, RULES[term.name]))
    return found


def _beyond(term: Mechanism) -> Advice:
    bits, prefix = Networks.size(term)
    net = ip_address((term.network - Networks.rest(term)).to_bytes(bits // 8, "big"))
    why = f"the address has bits beyond the prefix: it means {term.name}:{net}/{prefix}, so write that"
    return Advice("neutral", why, term.span, RULES[term.name])
