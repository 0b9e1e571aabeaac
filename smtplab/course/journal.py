"""What a learner has done, kept in a file across kernels: predictions, hints used, quiz scores.

One line of JSON for each thing done, in `progress.jsonl` in the user's data folder (or in the folder that
SMTPLAB_PROGRESS names). Lines are only ever appended, each with one write, so two kernels at once do
not overwrite each other; what counts is worked out on reading. A line that makes no sense is left out, and
the file with it is put aside under another name: no file, however broken, stops a lesson. Where the
folder can't be written, things are remembered for as long as the kernel runs.

It does not grade: nothing here counts for marks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

BIGGEST = 16_000_000  # octets: a file beyond this was not written here

# What may have become of a prediction, from least to most. Of two in the file, `_better` says which counts.
OUTCOMES = ("not predicted", "skipped", "wrong", "right later", "right first time")
KINDS = ("prediction", "hint", "quiz", "reset")

_unsaved: list[Entry] = []  # what could not be written, for this kernel alone


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: in `lesson`, the cell `name` of a `kind`, at `at` (UTC, RFC 3339).

    A prediction has an `outcome`; a hint has how many of how many were seen; a quiz has how many of how
    many were right the first time. A reset forgets the lesson, or everything if its lesson is "".
    """

    lesson: str
    kind: str
    name: str = ""
    outcome: str = ""
    count: int = 0
    of: int = 0
    at: str = ""

    def sensible(self) -> bool:
        """Whether every part has the type and the range that it should."""
        words = (self.lesson, self.kind, self.name, self.outcome, self.at)
        numbers = (self.count, self.of)
        return (
            all(isinstance(word, str) and len(word) <= 200 for word in words)
            and all(type(number) is int and 0 <= number <= 1000 for number in numbers)
            and self.kind in KINDS
            and (self.kind != "prediction" or self.outcome in OUTCOMES)
        )


@dataclass(slots=True)
class Record:
    """All that counts of one lesson: cell name -> outcome, or -> (count, of); `last` is when."""

    predictions: dict[str, str] = field(default_factory=dict)
    hints: dict[str, tuple[int, int]] = field(default_factory=dict)
    quizzes: dict[str, tuple[int, int]] = field(default_factory=dict)
    last: str = ""


def folder() -> Path:
    """Where the file is: SMTPLAB_PROGRESS, or `progress` in the user's data folder."""
    chosen = os.environ.get("SMTPLAB_PROGRESS")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("smtplab", False)) / "progress"


def file() -> Path:
    """The file itself."""
    return folder() / "progress.jsonl"


def read() -> dict[str, Record]:
    """Lesson -> what counts of it, from the file and from what could not be written to it."""
    return _fold([*_entries(), *_unsaved])


def record(entry: Entry) -> bool:
    """Append `entry`, dated now, unless it changes nothing. Says whether it is in the file."""
    entries = [*_entries(), *_unsaved]
    if _fold(entries) == _fold([*entries, entry]):
        return not _unsaved
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    dated = Entry(**{**asdict(entry), "at": now})
    try:
        _append([dated])
    except OSError:
        _unsaved.append(dated)
        return False
    return True


def forget(lesson: str = "") -> None:
    """Forget one lesson, or all of them. Lines stay in the file, and no longer count."""
    record(Entry(lesson, "reset"))


def saved() -> bool:
    """Whether everything so far could be written."""
    return not _unsaved


def _fold(entries: Iterable[Entry]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for entry in entries:
        if entry.kind == "reset":
            forgotten = [entry.lesson] if entry.lesson else list(records)
            for lesson in forgotten:
                records.pop(lesson, None)
            continue
        _add(records.setdefault(entry.lesson, Record()), entry)
    return records


def _add(done: Record, entry: Entry) -> None:
    if entry.kind == "prediction":
        before = done.predictions.get(entry.name)
        done.predictions[entry.name] = _better(before, entry.outcome)
    else:
        kept = done.hints if entry.kind == "hint" else done.quizzes
        of = entry.of
        count = min(max(entry.count, kept.get(entry.name, (0, 0))[0]), of)
        kept[entry.name] = (count, of)
    done.last = max(done.last, entry.at)


def _better(before: str | None, now: str) -> str:
    """Which of two outcomes counts. Right after a wrong guess or a skip is "later", in any kernel."""
    if before is None or before == "not predicted":
        return now
    if now.startswith("right") and not before.startswith("right"):
        return "right later"
    return max(before, now, key=OUTCOMES.index) if not before.startswith("right") else before


def _entries() -> list[Entry]:
    """The file's lines in order; a file with senseless ones is put aside and its good lines kept."""
    path = file()
    try:
        if path.stat().st_size > BIGGEST:
            return _put_aside(path, [])
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError:  # not ours to read, or a folder
        return []
    *whole, last = data.split(b"\n")
    lines = [line for line in whole if line.strip()]
    entries = [entry for entry in map(_parsed, lines) if entry]
    if len(entries) < len(lines):
        return _put_aside(path, entries)
    ending = _parsed(last)  # without its line end: another kernel may be writing it at this moment
    return [*entries, ending] if ending else entries


def _parsed(line: bytes) -> Entry | None:
    try:
        entry = Entry(**json.loads(line))
    except (ValueError, TypeError, RecursionError):  # not JSON, or JSON of another shape
        return None
    return entry if entry.sensible() else None


def _put_aside(path: Path, good: list[Entry]) -> list[Entry]:
    try:
        number = sum(1 for _ in path.parent.glob("broken-*.jsonl")) + 1
        path.replace(path.with_name(f"broken-{number}.jsonl"))
        if good:
            _append(good)
    except OSError:  # another kernel did it first, or the folder can't be written
        return good
    return good


def _append(entries: list[Entry]) -> None:
    """One write at the end of the file. It begins with a line end, in case the last write was cut short."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(asdict(entry), ensure_ascii=True) + "\n" for entry in entries)
    with path.open("ab", buffering=0) as out:
        out.write(b"\n" + lines.encode("ascii"))
