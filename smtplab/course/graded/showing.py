"""A score in the notebook: the verdict, what is left to hidden tests, and the next hint on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import htpy as h

from ...show.controls import Shown, html
from ...show.verdict import html as picture
from ..hints import Hint
from .mark import Score, number


@dataclass(frozen=True, repr=False)
class Checked(Score):
    """A score with its task's hints, and how many points more its hidden tests give."""

    hints: tuple[str, ...] = ()
    hidden: int = 0

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        hint = Hint(self.task, self.hints) if self.hints and self.points < self.of else None
        more = h.p(".smtplab-dim")[self._more()] if self.hidden else None
        page = h.div[picture(self.verdict), more]
        box = Shown(
            [html(page), *([hint] if hint else [])],
            html=lambda: str(page),
            text=lambda: repr(self),
            classes=["smtplab-checked", f"smtplab-check-{self.task}"],
        )
        return box._repr_mimebundle_(**kwargs)

    def _more(self) -> str:
        return f"{number(self.hidden)} more of this task: hidden tests decide, when it is graded."

    def __str__(self) -> str:
        return "\n".join([Score.__str__(self), *([self._more()] if self.hidden else [])])
