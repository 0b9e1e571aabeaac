"""Records of an x-ray: hops, onlookers, the table of who sees what, and the changes on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..envelope import Envelope
from ..text import visible
from ..verdict import Step, Verdict

PartOf = Literal["envelope", "header", "body"]
Role = Literal["program", "server", "reader", "eavesdropper"]
Seen = Literal["sees", "hidden", "absent"]
SIGNS: dict[Seen, str] = {"sees": "●", "hidden": "–", "absent": " "}


class Hop(NamedTuple):
    """What `who` holds: the envelope and the message as they were handed to it. `tls`: came under TLS.

    The first hop is the author's mail program, with the message as it was written. A `who` with an @ is a
    mailbox: its envelope has one forward-path, and its message is the one that lies there.
    """

    who: str
    envelope: Envelope
    message: bytes
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone who looks at what the hop with this index holds. A `blind` reader is in neither To nor Cc."""

    who: str
    role: Role
    hop: int
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the message, and a cell for each viewer: sees it, hidden from them, or not there."""

    part: PartOf
    name: str
    value: str
    cells: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What is different in what hop `hop` holds, against the hop before it. `before` or `after` may be ""."""

    hop: int
    action: Literal["added", "removed", "changed"]
    part: PartOf
    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Xray:
    """The table: viewers as columns, parts as rows; the changes hop by hop; and what they mean, as Steps."""

    hops: tuple[Hop, ...]
    viewers: tuple[Viewer, ...]
    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]

    @property
    def verdict(self) -> Verdict:
        """The result is "fail" when a Bcc field has left the author's program, else "pass"."""
        leaks = any(step.result == "fail" for step in self.steps)
        question = "who sees the envelope, and who the header section?"
        return Verdict("fail" if leaks else "pass", "envelope x-ray", question, self.steps)

    def text(self) -> str:
        """The table for a terminal: ● sees it, – hidden from them, blank where it is not there."""
        wide = max([len(_label(row)) for row in self.rows] or [0])
        lines = [f"{n}  {_title(viewer)}" for n, viewer in enumerate(self.viewers, 1)]
        lines.append(" " * wide + "".join(f"{n:>3}" for n, _ in enumerate(self.viewers, 1)))
        lines += [
            f"{_label(row):{wide}}" + "".join(f"  {SIGNS[cell]}" for cell in row.cells) for row in self.rows
        ]
        return "\n".join(line.rstrip() for line in lines)

    def __str__(self) -> str:
        return self.text()

    def to_dict(self) -> dict[str, Any]:
        """The table as plain JSON types."""
        return {
            "viewers": [[v.who, v.role, v.hop, v.blind] for v in self.viewers],
            "rows": [[row.part, row.name, row.value, list(row.cells)] for row in self.rows],
            "changes": [[c.hop, c.action, c.part, c.name, c.before, c.after] for c in self.changes],
            "steps": [step.to_dict() for step in self.steps],
        }


def _label(row: Row) -> str:
    return visible(row.name)[:40]


def _title(viewer: Viewer) -> str:
    return visible(viewer.who) + (" (Bcc)" if viewer.blind else "")
