"""Every test of the course has a progress folder of its own, and begins as in a fresh kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtplab.course import hints, journal, lessons, predictions, quizzes


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The progress folder. It does not exist yet."""
    folder = tmp_path / "progress"
    monkeypatch.setenv("SMTPLAB_PROGRESS", str(folder))
    monkeypatch.setattr(lessons, "_current", lessons.UNNAMED)
    for kept in (predictions._guesses, quizzes._guesses, hints._seen, journal._unsaved):
        kept.clear()
    return folder
