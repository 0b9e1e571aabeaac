"""The same question with another record: the steps that went, those that came, and those that stayed."""

from __future__ import annotations

import dns.exception
import dns.rdata
import dns.resolver
import pytest

from smtplab.auth.spf import SpfVerdict, check_host
from smtplab.auth.what_if import Resolve, overlay
from smtplab.mail.errors import LabError
from smtplab.mail.verdict import Verdict, compare

SPF = ("acorn.example", "TXT")


def nothing(name: str, rdtype: str) -> list[dns.rdata.Rdata]:
    raise dns.resolver.NXDOMAIN


def ask(resolve: Resolve, ip: str = "192.0.2.1") -> SpfVerdict:
    return check_host(ip, "", "alice@acorn.example", resolve=resolve)


def test_another_record() -> None:
    base = overlay(nothing, {SPF: ["v=spf1 ip4:198.51.100.1 -all"]})
    tried = overlay(
        base, {SPF: ["v=spf1 ip4:198.51.100.1 a:h.example -all"], ("h.example", "a"): ["192.0.2.1"]}
    )
    comparison = compare(ask(base), ask(tried))
    assert comparison.changed
    assert (comparison.before.result, comparison.after.result) == ("fail", "pass")
    marks = [(mark, step.what) for mark, _, step in comparison.steps if step.what != "acorn.example TXT"]
    assert marks == [
        ("same", "acorn.example"),
        ("same", "ip4:198.51.100.1"),
        ("gone", "-all"),
        ("new", "a:h.example"),
        ("new", "h.example A"),
    ]
    assert comparison.text().startswith("fail -> pass\n  acorn.example: ")


def test_the_same_again_and_a_record_taken_away() -> None:
    base = overlay(nothing, {SPF: ["v=spf1 -all"]})
    assert not compare(ask(base), ask(base)).changed
    assert ask(overlay(base, {SPF: []})).result == "none"
    with pytest.raises(dns.exception.DNSException):
        overlay(base, {("acorn.example", "A"): ["no address"]})


def test_a_hostile_record_is_shown_as_text_and_bounded() -> None:
    long = overlay(nothing, {SPF: ["v=spf1 " + "ip4:192.0.2.9 " * 4000 + "-all"]})
    odd = overlay(nothing, {SPF: ["v=spf1 \x1b[2J -all"]})
    comparison = compare(ask(long), ask(odd))
    assert len(comparison.steps) < 600
    assert not compare(ask(long), ask(long)).changed  # and soon
    assert "\x1b" not in comparison.text()


def test_a_verdict_asks_itself_again() -> None:
    verdict = ask(overlay(nothing, {SPF: ["v=spf1 ip4:198.51.100.1 -all"]}))
    assert verdict.what_if(ip="198.51.100.1").after.result == "pass"
    assert verdict.what_if(records={SPF: "v=spf1 +all"}).after.result == "pass"
    comparison = verdict.what_if(sender="bob@birch.example")
    assert (comparison.before, comparison.after.result) == (verdict, "none")
    twice = comparison.after.what_if(records={("birch.example", "TXT"): "v=spf1 ?all"})
    assert (twice.before.result, twice.after.result) == ("none", "neutral")


def test_what_cannot_change_is_said() -> None:
    verdict = ask(overlay(nothing, {SPF: ["v=spf1 -all"]}))
    with pytest.raises(LabError, match="called addres; what may change: records, ip, "):
        verdict.what_if(addres="192.0.2.9")
    with pytest.raises(LabError, match="cannot be asked again"):
        Verdict("pass", "SPF", "made by hand").what_if(ip="192.0.2.9")
