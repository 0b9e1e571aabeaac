"""Records of exercise 09, published in a world's DNS and run: check_host on hosts, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....auth import spf
from ....auth.spf import SpfVerdict
from ....auth.what_if import Resolve
from ....mail.errors import RecordError
from ....mail.text import visible
from ..mark import Mark, each, mark
from ..world import World
from .zones import resolver

NOBODY = "None of those who should pass does, so this counts for nothing."
EVERYBODY = "Everybody passes, strangers as well, so this counts for nothing."
Case = tuple[str, bool, str]
Hosts = Mapping[str, str]  # what a host is called -> its address


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


def worthless(passes: Iterable[SpfVerdict], fails: Iterable[SpfVerdict]) -> str:
    """Why a record is no use at all, "" where it is some: it lets nobody through, or everybody."""
    if not any(one.result == "pass" for one in passes):
        return NOBODY
    return EVERYBODY if all(one.result == "pass" for one in fails) else ""


def hosts(
    record: str | list[str], domain: str, passes: Hosts, fails: Hosts, of: tuple[float, float], world: World
) -> tuple[Mark, Mark, str]:
    """The marks for hosts that must pass and for those that must fail, and why both count for nothing."""
    good = verdicts(record, domain, passes.values(), world)
    bad = verdicts(record, domain, fails.values(), world)
    nothing = worthless(good, bad)
    first, second, ref = "who sends passes", "everybody else fails", "RFC 7208 §2.6"
    if nothing and any(one.result == "pass" for one in good):
        return (
            mark(first, of[0], 0, nothing, ref),
            mark(second, of[1], 0, _because(bad[0], "fail"), ref),
            nothing,
        )
    pass_ = each(first, of[0], cases(good, passes, "pass"), ref)
    if nothing:
        return pass_, mark(second, of[1], 0, nothing, ref), nothing
    return pass_, each(second, of[1], cases(bad, fails, "fail"), ref), ""


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


def cheap(record: str | list[str], domain: str, of: float, nothing: str, world: World) -> Mark:
    """The mark for the lookups that the record may need; `nothing` says why it gets none."""
    if nothing:
        return mark("at most ten lookups", of, 0, nothing, "RFC 7208 §4.6.4")
    tree = spf.cost_tree(domain, resolve=ask(record, domain, world))
    why = f"A check may need {tree.total} lookups of 10, and {tree.voids} that find nothing of 2."
    good = tree.total <= 10 and tree.voids <= 2
    return mark("at most ten lookups", of, good, why, "RFC 7208 §4.6.4")
