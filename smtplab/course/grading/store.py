"""Results on disk: `graded/STUDENT/EXERCISE.json`, each written whole or not at all.

What is there already is not graded again while nothing changed that it was made from: `digest` covers the
notebook and all that grades it. Killed half-way, a grader leaves whole results and perhaps a `.part`, which
the next one takes away. One grader at a time works in a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from ...mail.errors import LabError
from ..graded.terms import ENDING, NAME

try:
    import fcntl
except ImportError:  # Windows: nobody is kept out there
    fcntl = None  # type: ignore[assignment]

LONGEST = 150  # characters of a file's name; file systems take 255 octets
LARGEST = 20 << 20  # octets of a result
HEAD = re.compile(rb'"digest": "([0-9a-f]{64})",\s*"status": "(\w+)"')


class Store:
    """The results in `folder`, which need not be there yet. In `with`, this process alone may write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: Any = None

    def __enter__(self) -> Store:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("w")
            if fcntl:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise LabError(f"Another smtplab grade is at work in {self.folder}.") from None
        except OSError as error:
            raise LabError(f"{self.folder} cannot be written: {error.strerror}.") from None
        for part in self.folder.glob("*/.*.part"):
            part.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def file(self, student: str, exercise: str) -> Path:
        """Where a result stands, whatever characters the names hold."""
        return self.folder / safe(student) / f"{safe(exercise)}.json"

    def write(self, result: dict[str, Any]) -> Path:
        """Keep a result, in place of an older one. Raises OSError."""
        file = self.file(result["student"], result["exercise"])
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        # The digest goes first: `status` reads no more. ASCII, for a name may hold half a character.
        head = {name: result[name] for name in ("digest", "status")}
        text = json.dumps({**head, **result}, indent=1)
        try:
            with part.open("w", encoding="ascii") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return file

    def status(self, student: str, exercise: str, digest: str) -> str:
        """The status of the result that is there and was made from the same; "" where there is none such.

        One where the grader failed does not count: it is worth another try.
        """
        try:
            with self.file(student, exercise).open("rb") as lines:
                found = HEAD.search(lines.read(200))
        except OSError:
            return ""
        same = found is not None and found[1].decode("ascii") == digest
        return found[2].decode("ascii") if found and same and found[2] != b"failed" else ""

    def read(self, student: str, exercise: str) -> dict[str, Any] | None:
        """One result, or None."""
        return _read(self.file(student, exercise))

    def results(self) -> Iterator[dict[str, Any]]:
        """All results by folder and file, one after another. What is no result is passed over."""
        for file in sorted(self.folder.glob("*/*.json")):
            found = _read(file)
            if found is not None:
                yield found


def _read(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size > LARGEST:
            return None
        found = json.loads(file.read_text("ascii"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "tasks" in found and "student" in found else None


def safe(name: str) -> str:
    """`name` as the name of one file or folder on every system; different names stay different.

    What may name a student does so as it is; anything else is percent-encoded, and cut where it is too long.
    """
    if NAME.fullmatch(name) and not ENDING.fullmatch(name) and not name.endswith("."):
        return name
    coded = "%" + quote(name.encode("utf-8", "surrogatepass"), safe="@").replace(".", "%2E")
    if len(coded) <= LONGEST:
        return coded
    return coded[:80] + "%" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def digest_of(parts: Iterable[str | Path]) -> str:
    """SHA-256 over texts and the contents of files, each with its length, as hexadecimal."""
    found = hashlib.sha256()
    for part in parts:
        raw = _contents(part) if isinstance(part, Path) else part.encode("utf-8", "surrogatepass")
        found.update(b"%d:" % len(raw) + raw)
    return found.hexdigest()


def _contents(file: Path) -> bytes:
    """What is in a file. Of what is no file, or larger than any notebook, only that: it may never end."""
    with contextlib.suppress(OSError):
        about = file.lstat()
        if stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST:
            return file.read_bytes()
        return f"{about.st_mode} {about.st_size} {about.st_mtime_ns}".encode()
    return b""
