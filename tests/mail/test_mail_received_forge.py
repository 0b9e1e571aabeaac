"""Forged messages: the same for the same seed, true to what they say, and all read right by `chain`."""

from __future__ import annotations

import random
import re
from collections import Counter
from email import message_from_bytes, policy
from ipaddress import ip_network

import pytest

from smtplab.mail.hosts import DOCUMENTATION, standing
from smtplab.mail.received import chain
from smtplab.mail.received.anomalies import KINDS
from smtplab.mail.received.forge import Forged, forge
from smtplab.mail.received.forge_dialects import DIALECTS
from smtplab.mail.received.forge_plants import PLANTS

SEEDS = range(1000)
FORGED = [forge(seed) for seed in SEEDS]
WRITTEN = ("ip", "by", "time", "delay", "secure", "name")


def wrong(forged: Forged) -> list[object]:
    """What `chain` makes of it that is not the truth."""
    found = chain(forged.message, trusted=forged.trusted)
    faults: list[object] = []
    if len(found.hops) != len(forged.truth):
        faults.append((len(found.hops), len(forged.truth)))
    for hop, true in zip(found.hops, forged.truth, strict=False):
        read = hop.received
        said = (read.ip, read.by, read.date, hop.delay, hop.secure, read.rdns or read.helo)
        faults += [
            (true.number, name, value, getattr(true, name))
            for name, value in zip(WRITTEN, said, strict=True)
            if value != getattr(true, name)
        ]
        if hop.known != true.known:
            faults.append((true.number, "known", hop.known, hop.why))
    odd = Counter((step.what, number) for number, step in found.anomalies)
    planted = Counter((one.kind, one.hop) for one in forged.planted)
    return [
        *faults,
        *(("invented", *one) for one in odd - planted),
        *(("missed", *one) for one in planted - odd),
    ]


def test_a_thousand_chains() -> None:
    """The trusted part right, the rest claimed, each planted anomaly found in its hop, and none invented."""
    assert {forged.seed: faults for forged in FORGED if (faults := wrong(forged))} == {}


def test_no_forged_line_is_known() -> None:
    for forged in FORGED:
        known = [hop.known for hop in chain(forged.message, trusted=forged.trusted).hops]
        assert not any(yes and true.forged for yes, true in zip(known, forged.truth, strict=True))
        assert known == [False] * (len(known) - forged.known) + [True] * forged.known and forged.known


def test_of_all_sorts() -> None:
    """The thousand are worth something only if all that can be is among them, often."""
    assert sum(not forged.planted for forged in FORGED) >= 200
    assert sum(bool(forged.forged) for forged in FORGED) >= 400
    kinds = Counter(one.kind for forged in FORGED for one in forged.planted)
    assert set(kinds) == set(KINDS) == set(PLANTS)
    assert min(count for kind, count in kinds.items() if kind != "too many hops") >= 20
    dialects = Counter(hop.dialect for forged in FORGED for hop in forged.truth)
    assert set(dialects) == set(DIALECTS) and min(dialects.values()) >= 10
    assert sum(len({hop.dialect for hop in forged.truth}) > 2 for forged in FORGED) >= 500


def test_a_consistent_forgery_cannot_be_told() -> None:
    """Lines made up with care read as true ones do. The truth says which they are, and `chain` can't."""
    quiet = [forged for forged in FORGED if forged.forged and not forged.tellable]
    assert len(quiet) >= 100
    for forged in quiet:
        found = chain(forged.message, trusted=forged.trusted)
        assert not any(hop.steps for hop in found.hops[: forged.forged])
        assert all(hop.forged for hop in forged.truth[: forged.forged])
    assert not any(forged.tellable for forged in FORGED if not forged.forged)


def test_without_a_trusted_host_all_is_claimed() -> None:
    for forged in FORGED[:50]:
        assert not chain(forged.message).known


@pytest.mark.parametrize("kind", sorted(PLANTS))
def test_each_kind_on_demand(kind: str) -> None:
    for seed in range(25):
        forged = forge(seed, anomalies=[kind])
        assert kind in {one.kind for one in forged.planted}
        assert wrong(forged) == []


def test_one_of_each_group_at_once() -> None:
    for seed in range(40):
        forged = forge(seed, hops=6, forged=3, anomalies=["borrowed name", "clock skew", "misplaced field"])
        assert {"borrowed name", "clock skew", "misplaced field"} <= {one.kind for one in forged.planted}
        assert wrong(forged) == []


@pytest.mark.parametrize("hops", [1, 2, 5, 9])
@pytest.mark.parametrize("lines", [0, 1, 4])
def test_sizes(hops: int, lines: int) -> None:
    for seed in range(10):
        forged = forge(seed, hops=hops, forged=lines, anomalies=())
        assert len(forged.truth) == hops + lines and forged.forged == lines and forged.planted == ()
        assert [hop.number for hop in forged.truth] == list(range(1, hops + lines + 1))
        assert wrong(forged) == []


def test_the_same_seed_gives_the_same() -> None:
    random.seed(1)
    state = random.getstate()
    assert [forge(seed) for seed in range(30)] == FORGED[:30]
    assert random.getstate() == state
    assert len({forged.message for forged in FORGED}) == len(FORGED)


def test_nothing_real_is_named() -> None:
    """Names under .example; addresses for documentation, inside, of the host itself, or that can't be."""
    for forged in FORGED:
        for hop in forged.truth:
            assert (
                hop.ip is None or standing(hop.ip) != "public" or any(hop.ip in net for net in DOCUMENTATION)
            )
        text = forged.message.decode("ascii")
        assert set(re.findall(r"@[\w.-]*?([a-z]+)\b(?![\w.-])", text)) == {"example"}
        networks = [ip_network(one) for one in forged.trusted if not one.startswith(".")]
        assert all(net.is_private or standing(net.network_address) == "private" for net in networks)


def test_it_is_a_message() -> None:
    for forged in FORGED[:100]:
        assert b"\n" not in forged.message.replace(b"\r\n", b"")
        parsed = message_from_bytes(forged.message, policy=policy.SMTP)
        assert len(parsed.get_all("Received", [])) == len(forged.truth)
        assert (
            parsed.get_content().startswith("Please find")
            and parsed["Date"].datetime
            and parsed["Message-ID"]
        )


@pytest.mark.parametrize(
    ("hops", "forged", "anomalies"),
    [
        (None, None, ["a hunch"]),
        (None, None, ["clock skew", "long delay"]),
        (1, 0, ["loop"]),
        (0, None, None),
        (3, -1, None),
    ],
)
def test_what_cannot_be_made(hops: int | None, forged: int | None, anomalies: list[str] | None) -> None:
    with pytest.raises(ValueError):
        forge(1, hops=hops, forged=forged, anomalies=anomalies)


def test_guesses_are_held_against_the_truth() -> None:
    for forged in FORGED[:200]:
        right = forged.check(forged.known, forged.forged)
        assert right.result == "pass" and forged.check(known=forged.known).result == "pass"
        known, made_up = right.steps
        assert [step.result for step in known.steps].count("known") == forged.known
        assert ("can't be told" in made_up.why) == (bool(forged.forged) and not forged.tellable)
        assert bool(made_up.steps) == forged.tellable
        assert forged.check(forged.known + 1, forged.forged).result == "fail"
        assert forged.check(forged=forged.forged + 1).result == "fail"
        assert forged.check().result == "none" and len(forged.check().steps) == 1


def test_what_is_shown_gives_nothing_away() -> None:
    forged = next(one for one in FORGED if one.forged)
    assert "truth" not in repr(forged) and "forged" not in repr(forged).lower().removeprefix("forged(")
    assert str(forged) == forged.message.decode().replace("\r\n", "\n")


def test_the_forgers_own_host_is_named_like_any_other() -> None:
    """A name that only forged chains have would tell them from the others."""

    def labels(hops: int, lines: int) -> set[str]:
        made = (forge(seed, hops=hops, forged=lines, anomalies=()) for seed in range(300))
        newest = (chain(one.message, trusted=one.trusted).claimed[-1:] for one in made)
        return {hop.received.by.partition(".")[0] for found in newest for hop in found if len(found)}

    honest = labels(4, 0)
    assert labels(1, 3) <= honest and len(labels(1, 3)) > 3
