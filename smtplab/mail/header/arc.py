"""ARC sets: what hosts on the way say that they saw (RFC 8617; an experiment that is being retired).

A host that changes a message, such as a mailing list, may add a set of three fields: the results that it
found (ARC-Authentication-Results), a signature over the message as it sends it on (ARC-Message-Signature)
and a seal over all sets so far (ARC-Seal). Are the sets whole and in order? A set is a claim by the domain in
its d=: it helps only someone who trusts that domain, and only once the seals have been verified, which is
not done here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import RecordError
from ..hosts import Trusted
from ..verdict import Step, Verdict
from .field import Field, named
from .results import parse as parse_results
from .tags import Tag
from .tags import parse as parse_tags

NAMES = ("ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal")
MOST = 50  # RFC 8617 §4.2.1: instances run from 1 to 50
MOST_FIELDS = 4 * MOST  # of each message, from the top: a whole chain has three for each set
_INSTANCE = re.compile(r"[ \t\r\n]*+i[ \t\r\n]*+=[ \t\r\n]*+([0-9]{1,9})[ \t\r\n]*+(?:;|\Z)")
_REQUIRED = {
    "arc-message-signature": ("a", "b", "bh", "d", "h", "s"),
    "arc-seal": ("a", "b", "cv", "d", "s"),
}


@dataclass(frozen=True, slots=True)
class ArcSet:
    """The fields with the same i=: each kind should be there once, and `fields` has them by kind.

    `domain` is d= of the seal, `authserv_id` who wrote the results, `cv` what the sealer found out about
    the sets below ("none", "pass", "fail"); each is "" when it cannot be read. `faults` say what is wrong.
    """

    instance: int
    results: tuple[Field, ...] = ()
    signatures: tuple[Field, ...] = ()
    seals: tuple[Field, ...] = ()
    domain: str = ""
    authserv_id: str = ""
    cv: str = ""
    faults: tuple[str, ...] = ()


def sets(fields: Iterable[Field]) -> tuple[ArcSet, ...]:
    """The ARC sets among `fields`, the oldest (i=1) first. A field without a number is in a set 0."""
    groups: dict[int, dict[str, list[Field]]] = {}
    for field in named(fields, *NAMES)[:MOST_FIELDS]:
        found = _INSTANCE.match(field.body) if field.key == NAMES[0].lower() else None
        number = int(found[1]) if found else _number(field)
        groups.setdefault(number, {}).setdefault(field.key, []).append(field)
    return tuple(_set(number, groups[number]) for number in sorted(groups))


def explain(fields: tuple[Field, ...], trusted: Iterable[str] | Trusted = ()) -> Verdict:
    """Are the sets whole and in order? "none" without sets, "fail" when the chain is broken as written.

    Otherwise "claimed": nobody has verified a seal here. Each set has a Step, the newest first.
    """
    found = sets(fields)
    question = "which hosts say that they saw this message, and how it was then?"
    if not found:
        return Verdict("none", "ARC", question, (Step("sets", "There is no ARC set.", "none"),))
    known = Trusted.of(trusted)
    steps = [_step(each, known) for each in reversed(found)]
    steps += _order(found, fields)
    broken = any(step.result == "fail" for step in steps)
    return Verdict("fail" if broken else "claimed", "ARC", question, tuple(steps))


def explain_seal(
    field: Field, fields: tuple[Field, ...], trusted: Iterable[str] | Trusted = ()
) -> tuple[Step, ...]:
    """Steps on one ARC-Seal: the set that it closes; the newest set also has what is wrong with all."""
    found = sets(fields)
    mine = next((each for each in found if field in each.seals), None)
    if not mine:
        return ()
    last = _order(found, fields) if mine is found[-1] else []
    return (_step(mine, Trusted.of(trusted)), *last)


def _number(field: Field) -> int:
    try:
        value = parse_tags(field.body).get("i", Tag("", (0, 0))).value
    except RecordError:
        return 0
    return int(value) if re.fullmatch("[0-9]{1,9}", value) else 0


def _set(number: int, groups: dict[str, list[Field]]) -> ArcSet:
    results, signatures, seals = (tuple(groups.get(name.lower(), ())) for name in NAMES)
    faults = [
        f"{len(group) or 'no'} {name} field{'s' if len(group) > 1 else ''} instead of one"
        for name, group in zip(NAMES, (results, signatures, seals), strict=True)
        if len(group) != 1
    ]
    if not 1 <= number <= MOST:
        faults.append(f"an instance is a number from 1 to {MOST}")
    tags: dict[str, Tag] = {}
    for field in (*signatures[:1], *seals[:1]):
        tags, wrong = _tags(field)
        faults += wrong
    if not seals:
        tags = {}
    domain = tags["d"].packed.lower() if "d" in tags else ""
    cv = tags["cv"].packed.lower() if "cv" in tags else ""
    faults += _validation(number, cv, bool(seals))
    name = parse_results(results[0].value).authserv_id if results else ""
    return ArcSet(number, results, signatures, seals, domain, name, cv, tuple(faults))


def _tags(field: Field) -> tuple[dict[str, Tag], list[str]]:
    """The tags of a signature or a seal, and what is wrong with them (RFC 8617 §4.1.2, §4.1.3)."""
    try:
        tags = parse_tags(field.body)
    except RecordError as error:
        return {}, [f"{field.name} is malformed: {error.message}"]
    faults = [f"{field.name} lacks {name}=" for name in _REQUIRED[field.key] if name not in tags]
    if field.key == "arc-seal" and "h" in tags:
        faults.append("ARC-Seal has h=, which is not allowed there")
    return tags, faults


def _validation(number: int, cv: str, sealed: bool) -> list[str]:
    """RFC 8617 §4.4: the first set says none, all later ones pass; fail says that the chain is broken."""
    if cv == "fail":
        return ["cv=fail: the sealer itself found the chain broken"]
    right = "none" if number == 1 else "pass"
    return [f"cv={cv or '?'} where it should be {right}"] if sealed and cv != right else []


def _step(each: ArcSet, trusted: Trusted) -> Step:
    what = f"i={each.instance} d={each.domain or '?'} cv={each.cv or '?'}"
    if each.faults:
        return Step(what, f"This set is broken: {'; '.join(each.faults)}.", "fail", "RFC 8617 §5.2")
    mine = trusted.name(each.domain)
    whose = "a domain that you trust" if mine else f"no domain that you trust{trusted.advice(each.domain)}"
    why = (
        f"A claim by {each.domain}, {whose}. {each.authserv_id or 'Somebody'} saw these results when the "
        "message came in. It counts once the seal is verified."
    )
    seen = parse_results(each.results[0].value).results
    inside = tuple(Step(f"{one.method}={one.result}", ", ".join(map(str, one.properties))) for one in seen)
    return Step(what, why, "claimed", "RFC 8617 §4.2", inside)


def _order(found: tuple[ArcSet, ...], fields: tuple[Field, ...]) -> list[Step]:
    """Gaps in the numbers, and fields that do not stand where their hosts should have put them."""
    steps = []
    present = {each.instance for each in found}
    top = max(min(max(present), MOST), 1)
    missing = [str(number) for number in range(1, top + 1) if number not in present]
    if missing:
        why = f"The sets {', '.join(missing)} are missing: the chain is broken."
        steps.append(Step("gap", why, "fail", "RFC 8617 §5.2"))
    seals = [field for each in reversed(found) for field in each.seals]
    if [field.line for field in seals] != sorted(field.line for field in seals):
        why = "A newer set should stand above the older ones; here they do not, so somebody moved them."
        steps.append(Step("order", why, "policy", "RFC 8617 §5.1"))
    return steps
