"""Our SPF engine and pyspf agree on 10,000 records, or the reason why they do not is known."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest
import spf

from tests.auth.spf_generated import ZONE, client, record
from tests.auth.spf_zone import check, for_pyspf

COUNT = 10_000
HELO = "sender.example"

# What pyspf does otherwise, by what its result or the record shows.
REASONS = {
    "RFC 7208 §7.3: the number of parts must not be zero, and pyspf takes %{d0} as %{d}": (
        "",
        r"%\{[a-z]0+[^}]*\}",
    ),
    "RFC 7208 §5.7: exists needs a domain, and pyspf takes the current one": ("", r"[ +?~-]exists(?= |$)"),
    "RFC 7208 §6: unknown modifiers are ignored however often, and pyspf refuses a second one": (
        r"MUST appear at most once",
        "=",
    ),
    "pyspf refuses a record that includes itself when it reads it, also where that is never reached": (
        r"include has trivial recursion",
        r"include:",
    ),
    "pyspf puts macros in, and asks for the names behind %{p}, before it comes to the term": (
        r"Void lookup limit",
        r"%\{p",
    ),
}


def reason(record: str, theirs: str) -> str:
    """Why the results differ, "" where it is not known."""
    for why, (message, shape) in REASONS.items():
        if re.search(message, theirs) and re.search(shape, record, re.IGNORECASE):
            return why
    return ""


def test_ten_thousand_records(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(7208)
    seen: Counter[str] = Counter()
    known: Counter[str] = Counter()
    unknown = []
    for _ in range(COUNT):
        text = record(random)
        ip, sender = client(random)
        zone = {
            **ZONE,
            "sender.example": [("TXT", text), ("A", "192.0.2.1"), ("MX", "10 mail.sender.example.")],
        }
        ours = check(zone, ip, sender, HELO)
        monkeypatch.setattr(spf, "DNSLookup", lambda name, rdtype, *_, z=zone: for_pyspf(z, name, rdtype))
        query = spf.query(ip, sender, HELO)
        query.set_default_explanation("")
        result, _, words = query.check()
        seen[ours.result] += 1
        # pyspf's %{s} lacks the postmaster that RFC 7208 §4.3 puts where there is no local-part.
        same_words = words == ours.explanation.replace("postmaster@sender", "sender", sender == HELO)
        if result == ours.result and (result != "fail" or same_words):
            continue
        why = reason(text, words)
        known[why] += 1
        if not why:
            unknown.append((text, ip, sender, result, words, ours.text()))
    assert not unknown[:3], f"{len(unknown)} differ"
    assert min(seen.values()) > 50 and len(seen) == 7  # every result came up
    assert known.total() < COUNT / 50
    assert set(known) == set(REASONS)  # no reason that nothing needs
