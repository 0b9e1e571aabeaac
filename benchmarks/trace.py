"""Received fields a second, beside mail-parser, over the shapes that the tests hold both to."""

from __future__ import annotations

import statistics
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from mailparser.utils import receiveds_parsing

from smtplab.mail.received import parse

CASES = Path(__file__).parent.parent / "tests" / "cases" / "received"
ODD = ("broken", "hostile")  # mail-parser gives these up early
ROUNDS = 15


def fields() -> list[str]:
    """The bodies of some two hundred fields, as mail programs write them."""
    return [
        case["text"].replace("\n", "\r\n").removeprefix("X-Received: ")
        for path in sorted(CASES.glob("*.toml"))
        if path.stem not in ODD
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


def rows() -> list[tuple[str, str, str, str]]:
    """The two take turns, round by round. mail-parser's is what its `received` property computes."""
    texts = fields()
    rounds = [
        (_a_second(lambda: [parse(text) for text in texts], len(texts)),
         _a_second(lambda: receiveds_parsing(texts), len(texts))) for _ in range(ROUNDS)
    ]  # fmt: skip
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    return [
        (
            "Received fields a second, with address and TLS",
            f"{ours:.0f}",
            f"mail-parser {theirs:.0f}, without",
            f"{ours / theirs:.1f} times; aim: more",
        )
    ]


def _a_second(work: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)
