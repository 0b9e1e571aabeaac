"""DMARC reports as a notebook has them: drawn for print. On screen a report displays itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .base import Base

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..auth.dmarc.reports import Report, Reports


class ReportFigures(Base):
    """A lab that draws reports."""

    def dmarc_figure(self, reports: Report | Reports | Iterable[Report], *, dark: bool = False) -> Figure:
        """Who sends as a domain and what passes, as a matplotlib Figure: `.savefig("report.pdf")`.

        Reports of several days get a second picture, day by day. Raises ValueError for no report, for one
        without messages, and for those of several domains: `reports.about("acorn.example")` has those on one.
        """
        from ..auth.dmarc.reports import Report
        from ..show.dmarc_figure import figure

        return figure(reports if isinstance(reports, Report) else list(reports), dark=dark)
