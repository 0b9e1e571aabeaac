"""The same question with another record: the steps that went, those that came, and those that stayed."""

from __future__ import annotations

import dns.exception
import dns.rdata
import dns.resolver
import pytest

from smtplab.auth.spf import SpfVerdict, check_host
from smtplab.auth.what_if import Resolve, compare, overlay

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
