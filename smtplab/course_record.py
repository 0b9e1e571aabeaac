"""What was copied into a learner's course folder: a digest of each file, in `.smtplab-course.json` there.

Two digests a file: of all its octets, and of its cells alone, since running a notebook changes outputs and
counts but nothing that a person wrote. A third, once a new version was laid beside a changed file: so that it
is offered once. The file decides nothing else. A learner may delete it: then what differs counts as theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

MARK = ".smtplab-course.json"
LARGEST = 1_000_000  # octets of that file; ours has some 10,000


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def cells_digest(data: bytes) -> str:
    """The digest of a notebook's cells, kinds and texts; "" for what is not a notebook."""
    try:
        cells = [[cell["cell_type"], "".join(cell["source"])] for cell in json.loads(data)["cells"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return digest(json.dumps(cells).encode())


@dataclass(slots=True)
class Record:
    """`files`: name -> {"file", "cells", "offered": digest}. `fault`: why it could not be read."""

    files: dict[str, dict[str, str]] = field(default_factory=dict)
    fault: str = ""
    written: str = ""  # as it stands on the disk

    def note(self, name: str, data: bytes) -> None:
        """The file holds `data`, as it came."""
        self.files[name] = {"file": digest(data), "cells": cells_digest(data)}

    def offer(self, name: str, new: bytes) -> None:
        """The file is the learner's, and `new` was laid beside it."""
        self.files.setdefault(name, {})["offered"] = digest(new)

    def settled(self, name: str, mine: bytes, new: bytes) -> bool:
        """Whether the package brings nothing that is not here, or has not been offered."""
        if digest(new) in {self.files.get(name, {}).get(kind) for kind in ("file", "offered")}:
            return True
        # The same cells: as it came and then run, or copied while the record was lost.
        if mine == new or (cells_digest(mine) == cells_digest(new) != ""):
            self.note(name, new)
            return True
        return False

    def is_as_it_came(self, name: str, mine: bytes) -> bool:
        """Whether nothing at all has changed since it was copied."""
        return self.files.get(name, {}).get("file") == digest(mine)

    def was_only_run(self, name: str, mine: bytes) -> bool:
        """Whether what a person writes has not changed since it was copied."""
        return self.files.get(name, {}).get("cells") == cells_digest(mine) != ""

    def write(self, root: Path) -> None:
        """Write it whole or not at all, if it has changed. Raises OSError."""
        text = json.dumps({"files": self.files}, indent=1, sort_keys=True)
        if text == self.written:
            return
        write_whole(root / MARK, text.encode())
        self.written = text


def read_record(root: Path) -> Record:
    """The record of a folder: an empty one where there is none, with its `fault` where it is damaged."""
    path = root / MARK
    if not path.exists():
        return Record()
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST + 1).decode()
        files = json.loads(text)["files"]
        if len(text) > LARGEST or not all(_fits(entry) for entry in files.values()):
            raise ValueError("not as we write it")
    except OSError as error:
        return Record(fault=f"cannot be read ({error.strerror})")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Record(fault="is damaged")
    return Record(files, written=text)


def _fits(entry: object) -> bool:
    return isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())


def write_whole(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: a full disk leaves what was there. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".smtplab-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with part.open("xb") as stream:
            stream.write(data)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def free_name(target: Path, word: str) -> Path:
    """A name beside `target` that is not taken: 09-spf-mine.ipynb, 09-spf-mine-2.ipynb, …"""
    number, name = 1, target.with_name(f"{target.stem}-{word}{target.suffix}")
    while name.exists() or name.is_symlink():
        number += 1
        name = target.with_name(f"{target.stem}-{word}-{number}{target.suffix}")
    return name


def keep(target: Path) -> Path:
    """Give a file another name beside its own, without reading it; returns where it is now."""
    return target.rename(free_name(target, "mine"))
