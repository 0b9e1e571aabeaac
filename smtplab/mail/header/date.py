"""Date and time in header fields (RFC 5322 §3.3), the obsolete forms included.

When does this say it was? `parse` reads the form of the standard, with its comments, two-digit years and
zone names, and points at what is wrong. It asks no clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ..errors import RecordError
from .lexical import bare

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# RFC 5322 §4.3: names of zones, in hours from UTC. All others, the military letters too, say nothing.
ZONES = {
    "UT": 0,
    "GMT": 0,
    "UTC": 0,  # not in the RFC, but often written
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "CST": -6,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
}

_DATE = re.compile(
    r"(?:(?P<weekday>[A-Za-z]{3,9}) ?,? )?"
    r"(?P<day>[0-9]{1,2}) (?P<month>[A-Za-z]{3,9}) (?P<year>[0-9]{2,4}) "
    r"(?P<hour>[0-9]{1,2}) ?: ?(?P<minute>[0-9]{2})(?: ?: ?(?P<second>[0-9]{2}))?"
    r"(?: (?P<zone>[+-][0-9]{4}|[A-Za-z]{1,5}))?"
)
_RULE = 'a date is written "Mon, 2 Mar 2026 09:00:00 +0000"'


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as written: `when` with its zone, and what of it is in doubt.

    `zone_known` is False for -0000, a letter or no zone at all: the time is in UTC and says nothing about
    the place (RFC 5322 §3.3). `weekday_right` is False when the day of the week is another.
    """

    when: datetime
    zone_known: bool = True
    weekday_right: bool = True


def parse(text: str) -> Moment:
    """The moment that `text` names. Raises RecordError (RFC 5322 §3.3, §4.3)."""
    found = _DATE.fullmatch(bare(text[:200]).replace(",", ", ").replace("  ", " "))
    if not found:
        raise RecordError(_RULE, text, (0, len(text)))
    month = found["month"].title()[:3]
    if month not in MONTHS:
        raise RecordError("months are named Jan to Dec", text, _place(text, found["month"]))
    offset, known = _zone(text, found["zone"] or "")
    second = int(found["second"] or 0)
    try:
        when = datetime(
            _year(found["year"]),
            MONTHS.index(month) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            min(second, 59),
            tzinfo=timezone(offset),
        ) + timedelta(seconds=second == 60)  # a leap second, which datetime lacks
        when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RecordError("there is no such day or time", text, (0, len(text))) from None
    if second > 60:
        raise RecordError("there is no such day or time", text, (0, len(text)))
    weekday = (found["weekday"] or "").title()[:3]
    return Moment(when, known, not weekday or weekday == DAYS[when.weekday()])


def _year(text: str) -> int:
    """RFC 5322 §4.3: two digits up to 49 are of this century, other two or three count from 1900."""
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if len(text) == 2 and year < 50 else 1900)


def _zone(text: str, zone: str) -> tuple[timedelta, bool]:
    if zone[:1] not in ("+", "-"):
        return timedelta(hours=ZONES.get(zone.upper(), 0)), zone.upper() in ZONES
    hours, minutes = int(zone[1:3]), int(zone[3:])
    if hours > 23 or minutes > 59:
        raise RecordError("a zone is hours and minutes from UTC, like +0200", text, _place(text, zone))
    offset = timedelta(hours=hours, minutes=minutes)
    return (-offset if zone[0] == "-" else offset), zone != "-0000"


def _place(text: str, word: str) -> tuple[int, int]:
    start = max(text.find(word), 0)
    return start, min(start + len(word), len(text))
