"""Reply: what a server answers (RFC 5321 §4.2, RFC 2034, RFC 3463).

A stand-in with the final interface; parse and meaning follow.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    enhanced: str = ""
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
