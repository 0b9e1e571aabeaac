"""Advice on what stands behind an SPF record's names: lookups, voids, lost domains, and who lets in whom.

It reads a `CostTree` (RFC 7208 §4.6.4), so it asks nobody. What is wrong inside an include is said of the
term of one's own record that leads there: that is the one its owner can change.
"""

from __future__ import annotations

from collections.abc import Iterator

from smtplab.mail.errors import RecordError

from ..advice import Advice, Severity
from .asking import LIMITS, MAX_LOOKUPS, MAX_VOIDS, cut
from .evaluation import read_record
from .networks import Networks, is_wide
from .record import RULES, Mechanism, Record
from .tree import Cause, Cost, CostTree

# How to mend it, and how bad it is where no check ends in an error for it.
MEND: dict[Cause, tuple[str, Severity]] = {
    "no-name": ("take it out now", "policy"),
    "no-record": ("take it out, or have its owner publish one", "permerror"),
    "many-records": ("take it out until its owner has joined them", "permerror"),
    "syntax": ("take it out until its owner has mended it", "permerror"),
    "no-answer": ("for as long as that is so, mail is put off", "neutral"),
    "loop": ("take it out", "permerror"),
    "depends": ("so nobody can say what a check costs", "neutral"),
    "void": ("take it out", "policy"),
    "never": ("take it out, or write the name right", "policy"),
    "too-many-hosts": ("write ip4 and ip6 instead", "permerror"),
    "not-followed": ("take out what nobody needs", "neutral"),
}


def behind(record: Record, tree: CostTree) -> list[Advice]:
    """Advice on `record` from its tree."""
    found = [*_lookups(tree), *_voids(tree)]
    for top in tree.root.terms:
        found += _causes(top)
        found += _world(top)
    return [*found, *_twice(tree), *_covered(record, tree)]


def _lookups(tree: CostTree) -> list[Advice]:
    if not tree.over:
        return []
    tops = tree.root.terms
    first = next(top for top in tops if top.running > MAX_LOOKUPS)
    dear = max(tops, key=lambda top: top.total)
    more = "" if tree.is_complete else " at least"
    why = f"{tree.total} lookups{more} with what the includes lead to, and {MAX_LOOKUPS} may be: number "
    why += f"{MAX_LOOKUPS + 1}, {cut(tree.over.text)}, is an error. Take out who no longer sends"
    if dear.total > 1:
        why += f"; {cut(dear.text)} alone costs {dear.total}, and an address written as ip4 or ip6 nothing"
    return [Advice("permerror", why, (first.span[0], tops[-1].span[1]), LIMITS)]


def _voids(tree: CostTree) -> list[Advice]:
    if tree.voids <= MAX_VOIDS:
        return []
    counts = tree.root.voids4, tree.root.voids6
    four = counts[0] == tree.voids
    so_far = 0
    for top in tree.root.terms:
        so_far += top.voids4 if four else top.voids6
        if so_far > MAX_VOIDS:
            break
    if min(counts) > MAX_VOIDS:
        why = (
            f"{min(counts)} questions lead to nothing, and {MAX_VOIDS} may: checks that come here end in an "
        )
        why += "error. Take out the names without addresses"
        return [Advice("permerror", why, top.span, LIMITS)]
    mine, other = (4, 6) if four else (6, 4)
    why = f"{tree.voids} questions of a client with IPv{mine} lead to nothing, and {MAX_VOIDS} may: it comes "
    why += f"out as an error here. Write ip{other} for hosts that have no other addresses"
    return [Advice("policy", why, top.span, LIMITS)]


def _causes(top: Cost) -> Iterator[Advice]:
    """What is odd about a term or about those inside it, each kind once."""
    seen: set[str] = set()
    for cost in top.walk():
        if not cost.cause or cost.problem in seen or _is_usual(cost):
            continue
        seen.add(cost.problem)
        mend, severity = MEND[cost.cause]
        if cost.result == "permerror":
            severity = "permerror"
        inside = "" if cost is top else f"inside it, {cut(cost.text)}: "
        yield Advice(severity, f"{inside}{cost.problem}; {mend}", top.span, cost.ref or LIMITS)


def _is_usual(cost: Cost) -> bool:
    """exists: is made to depend on the message, and ptr has advice of its own."""
    return cost.cause == "depends" and not cost.text.lstrip("+-~?").lower().startswith(
        ("include", "redirect")
    )


def _world(top: Cost) -> Iterator[Advice]:
    """Records further down that let in everybody, or a large part of the net."""
    for cost in top.walk():
        for term in _passing(cost):
            if term.name == "all":
                whom = "so it lets the whole world send for this domain as well"
            elif is_wide(term):
                whom = "so it lets a large part of the net send for this domain as well"
            else:
                continue
            why = f"the record of {cost.domain} has {cut(term.text)}, {whom}: take it out"
            yield Advice("policy", why, top.span, RULES[term.name])
            return


def _passing(cost: Cost) -> list[Mechanism]:
    if not cost.record or cost.cause == "syntax":
        return []
    try:
        return [term for term in read_record(cost.record).mechanisms if term.result == "pass"]
    except RecordError:
        return []


def _twice(tree: CostTree) -> Iterator[Advice]:
    """Includes that an earlier include has inside already."""
    within: dict[str, Cost] = {}
    for top in tree.root.terms:
        name = top.domain.lower()
        if top.record and name in within:
            why = f"{cut(within[name].text)} includes {top.domain} already: take it out"
            yield Advice("neutral", why, top.span, RULES["include"])
        for cost in top.walk():
            if cost is not top and cost.record and cost.result == "":
                within.setdefault(cost.domain.lower(), top)


def _covered(record: Record, tree: CostTree) -> Iterator[Advice]:
    """a and mx whose addresses all stand in ip4 and ip6 terms before them: lookups for nothing."""
    answers = {(question.name, question.rdtype): answer.values for question, answer in tree.queries}
    costs = {cost.span: cost for cost in tree.root.terms}
    networks = Networks()
    for term in record.mechanisms:
        if term.name in ("ip4", "ip6"):
            networks.add(term)
        cost = costs.get(term.span)
        if cost is None or term.name not in ("a", "mx") or (term.prefix4, term.prefix6) != (32, 128):
            continue
        hosts = [cost.domain]
        if term.name == "mx":
            values = answers.get((cost.domain, "MX"), ())
            hosts = [value.split(" ")[-1].removesuffix(".") for value in values]
        addresses = [one for host in hosts for kind in ("A", "AAAA") for one in answers.get((host, kind), ())]
        holders = [networks.holding(address) for address in addresses]
        if holders and all(one and one.result == term.result for one in holders):
            why = f"{', '.join(addresses[:3])}: ip4 and ip6 before it have all its addresses, so it asks for "
            why += "nothing; take it out"
            yield Advice("neutral", why, term.span, "RFC 7208 §4.6.2")
