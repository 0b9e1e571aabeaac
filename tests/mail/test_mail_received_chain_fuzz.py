"""Chains from hostile headers: no crash, linear time, whatever stands in them."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.errors import RecordError
from smtplab.mail.received import Chain, chain
from smtplab.mail.received.forge import forge

TRUSTED = (".birch.example", "198.51.100.0/24", "mx.example")
PIECES = (
    b"Received:", b"from ", b" by ", b" with ", b" id ", b" for ", b";", b"(", b")", b"[", b"]", b"\r\n\t",
    b"\n", b"\r", b"\r\n", b"mx.birch.example", b"198.51.100.10", b"127.0.0.1", b"IPv6:fe80::1%x", b"<>",
    b"Mon, 2 Mar 2026 09:00:00 +0000", b"Fri, 31 Dec 9999 23:59:59 -2359", b"Sat, 1 Jan 0001 00:00:00 +2359",
    b"(qmail 1 invoked by uid 0)", b"Return-Path:", b"Date:", b"Delivered-To:", b"localhost", b"\xff",
    b"\x00", b"\xe2\x80\xae", b"a",
)  # fmt: skip


def used(header: bytes | str) -> Chain:
    """The chain, with all that can be asked of it asked."""
    found = chain(header, trusted=TRUSTED)
    json.dumps(found.to_dict())
    assert str(found) and found.summary and 0 <= found.boundary <= len(found.hops)
    assert [hop.known for hop in found.hops] == [at >= found.boundary for at in range(len(found.hops))]
    assert all(str(hop) for hop in found.hops)
    return found


@given(st.binary(max_size=600))
def test_any_octets(header: bytes) -> None:
    used(header)
    used(b"Received: " + header)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_pieces(pieces: list[bytes]) -> None:
    used(b"Received: " + b"".join(pieces))


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    used(text)
    used(f"Received: from {text} by {text} ({text}); {text}\n")


@given(st.integers(0, 400), st.integers(0, 2500), st.binary(min_size=1, max_size=12))
def test_damaged_messages(seed: int, place: int, damage: bytes) -> None:
    message = forge(seed).message
    used(message[:place] + damage + message[place + len(damage) :])


@given(st.text(max_size=40))
def test_any_entry_of_the_trusted(entry: str) -> None:
    try:
        chain(forge(1).message, trusted=[entry])
    except RecordError as error:
        assert str(error)


def test_five_hundred_hops() -> None:
    line = "Received: from r{}.example ([2001:db8::{:x}]) by r{}.example; Mon, 2 Mar 2026 09:00:00 +0000\n"
    found = used("".join(line.format(at - 1, at, at) for at in range(500, 0, -1)))
    assert len(found.hops) == 500 and [step.what for _, step in found.anomalies] == ["too many hops"]


def short(size: int) -> bytes:
    return b"Received: x\n" * (size // 12)


def same(size: int) -> bytes:
    line = b"Received: from a ([192.0.2.1]) by mx.example for <b@c>; 2 Mar 2026 09:00:00 +0000\nSubject: a\n"
    return line * (size // len(line))


def names(size: int) -> bytes:
    name = b"a." * (size // 4)
    return b"Received: from " + name + b" (" + name + b" [192.0.2.1]) by mx.example; nothing\n"


def folds(size: int) -> bytes:
    return b"Received: from a by" + b"\n\tmay be forged" * (size // 15)


def others(size: int) -> bytes:
    return b"Received: from a by mx.example; x\n" + b"Delivered-To: <a@b>\nFrom: x\n" * (size // 28)


def queue(size: int) -> bytes:
    line = b"Received: (qmail 1 invoked from network); 2 Mar 2026 09:00:00 -0000\n"
    return line * (size // len(line))


def took(header: bytes) -> float:
    """The least of three runs, in seconds of processor time, without the collector: how often that goes over
    all the test run's objects has nothing to do with the chain."""
    times = []
    gc.disable()
    try:
        for _ in range(3):
            start = time.process_time()
            chain(header, trusted=TRUSTED)
            times.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(times)


@pytest.mark.parametrize("made", [short, same, names, folds, others, queue])
def test_twice_the_size_takes_about_twice_as_long(made: Callable[[int], bytes]) -> None:
    half, whole = took(made(150_000)), took(made(300_000))
    assert whole < 3 * half + 0.05


@pytest.mark.parametrize("made", [short, same, names, folds, others, queue])
def test_a_megabyte(made: Callable[[int], bytes]) -> None:
    header = made(1_000_000)
    assert len(header) > 900_000
    found = chain(header, trusted=TRUSTED)
    assert found.hops and len(found.summary) < 1000
