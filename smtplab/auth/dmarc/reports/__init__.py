"""DMARC aggregate reports (RFC 9990): read, written, made from a day's judgements, and mailed."""

from .aggregate import aggregate
from .destinations import DestinationVerdict, mailto, may_report
from .failure import failure_reports
from .letter import enclosed, letter, subject
from .read import Reading, read
from .record import DkimResult, Published, Reason, Report, Reports, Row, SpfResult
from .summary import Sender, Summary, summary
from .write import file_name, pack, packed, write, written

__all__ = [
    "DestinationVerdict",
    "DkimResult",
    "Published",
    "Reading",
    "Reason",
    "Report",
    "Reports",
    "Row",
    "Sender",
    "SpfResult",
    "Summary",
    "aggregate",
    "enclosed",
    "failure_reports",
    "file_name",
    "letter",
    "mailto",
    "may_report",
    "pack",
    "packed",
    "read",
    "subject",
    "summary",
    "write",
    "written",
]
