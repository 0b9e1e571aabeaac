"""An answer, wherever it is: in this process, or in a sandbox that only passes data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ...mail.errors import LabError
from .answers import Wanted, blank
from .probe import Probe, Tried, run


class Given(Protocol):
    """What a check may ask of an answer. Both methods raise LabError in words for whoever answered."""

    def data(self, wanted: Wanted) -> Any:
        """The answer as plain data."""

    def tried(self, wanted: Wanted, probes: Sequence[Probe]) -> list[Tried]:
        """What came of trying the answer, which is a function."""


class Here:
    """An answer that is an object of this process."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def data(self, wanted: Wanted) -> Any:
        """The answer, copied into plain data."""
        self._answered()
        return wanted.take(self._value)

    def tried(self, wanted: Wanted, probes: Sequence[Probe]) -> list[Tried]:
        """The function is called."""
        self._answered()
        if not callable(self._value):
            raise LabError(f"The answer should be {wanted.says}.")
        return run(self._value, probes)

    def _answered(self) -> None:
        if blank(self._value):
            raise LabError("No answer yet.")
