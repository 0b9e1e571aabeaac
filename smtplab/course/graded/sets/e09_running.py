"""Records of exercise 09, published in a world's DNS and run: check_host on hosts, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable

from ....auth import spf
from ....auth.spf import SpfVerdict
from ....auth.what_if import Resolve
from ....mail.errors import RecordError
from ....mail.text import visible
from ..mark import Mark, each, mark
from ..world import World
from .zones import resolver

NOBODY = "none of those who should pass does, so this counts for nothing"
Case = tuple[str, bool, str]


def ask(record: str | list[str], domain: str, world: World) -> Resolve:
    """The world's DNS with the answer published at `domain`."""
    texts = [record] if isinstance(record, str) else record
    there = world.dns.get(domain, {})
    return resolver({**world.dns, domain: {**there, "TXT": texts[:20]}})


def verdicts(record: str | list[str], domain: str, hosts: Iterable[str], world: World) -> list[SpfVerdict]:
    """The check of each host, with the answer published."""
    resolve = ask(record, domain, world)
    return [
        spf.check_host(ip, domain, f"info@{domain}", helo=f"mail.{domain}", now=0, resolve=resolve)
        for ip in hosts
    ]


def cases(found: Iterable[SpfVerdict], names: Iterable[str], result: str) -> list[Case]:
    """For each check whether it gave `result`, and what it gave because of which term."""
    return [
        (name, one.result == result, _because(one, result)) for name, one in zip(names, found, strict=True)
    ]


def _because(verdict: SpfVerdict, wish: str) -> str:
    last = verdict.steps[-1]
    why = f"{verdict.result} at {visible(last.what)[:60]}: {visible(last.why)[:160]}."
    if wish == "fail" and verdict.result == "softfail":
        why += " Softfail is not fail."
    return why


def passing(what: str, of: float, found: list[Case]) -> tuple[Mark, bool]:
    """The mark for hosts that must pass, and whether any does."""
    return each(what, of, found, "RFC 7208 §2.6"), any(good for _, good, _ in found)


def failing(what: str, of: float, found: list[Case], some: bool) -> Mark:
    """The mark for hosts that must fail: nothing for a record that lets nobody through."""
    if not some:
        return mark(what, of, 0, f"{NOBODY}.", "RFC 7208 §2.6")
    return each(what, of, found, "RFC 7208 §2.6")


def readable(texts: Iterable[str], of: float) -> Mark:
    """The mark for terms without a mistake in how they are written."""
    for text in texts:
        try:
            spf.parse(text)
        except RecordError as error:
            place = visible(error.text[slice(*error.span)])[:60] or "the text"
            why = f"{place}: {error.message}. So nothing in the record counts."
            return mark("it can be read", of, 0, why, "RFC 7208 §4.6")
    return mark("it can be read", of, 1, "Every term is written as it should be.", "RFC 7208 §4.6")


def cheap(record: str | list[str], domain: str, of: float, some: bool, world: World) -> Mark:
    """The mark for the lookups that the record may need."""
    if not some:
        return mark("at most ten lookups", of, 0, f"{NOBODY[0].upper()}{NOBODY[1:]}.", "RFC 7208 §4.6.4")
    tree = spf.cost_tree(domain, resolve=ask(record, domain, world))
    why = f"A check may need {tree.total} lookups of 10, and {tree.voids} that find nothing of 2."
    good = tree.total <= 10 and tree.voids <= 2
    return mark("at most ten lookups", of, good, why, "RFC 7208 §4.6.4")
