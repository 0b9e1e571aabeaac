"""The DKIM benchmark runs, small, and all three programs find each signature good."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import dkim


def test_rows(monkeypatch: pytest.MonkeyPatch, need_program: Callable[..., str]) -> None:
    need_program("node", "nodejs")
    for name, value in (("ROUNDS", 1), ("COUNT", 2), ("BATCH", 3), ("LONG", 300_000)):
        monkeypatch.setattr(dkim, name, value)
    rows = dkim.rows()
    assert len(rows) == 5 and all("mailauth" in row[2] for row in rows[:4])
    assert float(rows[4][1].removesuffix(" MB")) < 1
