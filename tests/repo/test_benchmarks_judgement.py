"""The benchmarks of a whole judgement run, small, and both programs find the message good."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import judgement


def test_rows(monkeypatch: pytest.MonkeyPatch, need_program: Callable[..., str]) -> None:
    need_program("node", "nodejs")
    monkeypatch.setattr(judgement, "ROUNDS", 2)
    rows = judgement.rows()
    assert len(rows) == 2
    for _, mine, peer, ratio in rows:
        assert mine.endswith(" ms") and peer.startswith("mailauth ") and ratio.endswith(" times")
