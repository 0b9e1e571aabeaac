"""The date of a Received field (RFC 5322 §3.3), wherever in the field it stands.

When does this host say that it took the message? `moment` reads the form of the standard with a single
match; comments inside, two-digit years and names of zones are left to `header.date` (RFC 5322 §4.3). Two
forms that no standard knows are read too: ctime's, and that of programs in Go.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from ..errors import RecordError
from ..header import date
from ..header.date import MONTHS, ZONES

_S = r"[ \t\r\n]*+"
_G = r"[ \t\r\n]++"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?+(?:\.\d{1,9})?+"
_ZONE = rf"(?:{_S}(?P<zone>[+-]\d{{4}}(?!\d)|[A-Za-z]{{1,5}}\b(?!-)))?+"
_MONTH_DAY = rf"[A-Za-z]{{3}},?{_G}(?P<month>[A-Za-z]{{3}}){_G}(?P<day>\d{{1,2}}){_G}{_TIME}{_G}"
_FORMS = tuple(
    re.compile(rf"{_S}(?P<said>{form})", re.ASCII)
    for form in (
        # Mon, 2 Mar 2026 09:00:00 +0000
        rf"(?:[A-Za-z]{{3,9}}\.?,?{_S})?+(?P<day>\d{{1,2}})[ \t\r\n-]++(?P<month>[A-Za-z]{{3,9}})[ \t\r\n-]++"
        rf"(?P<year>\d{{2,4}}){_G}{_TIME}{_ZONE}",
        # Mon Mar  2 09:00:00 2026 +0000, and with the zone's name before the year
        rf"{_MONTH_DAY}(?P<year>\d{{4}}){_ZONE}",
        rf"{_MONTH_DAY}(?P<zone>[A-Z]{{1,5}}){_G}(?P<year>\d{{4}})",
        # 2026-03-02T09:00:00Z, and 2026-03-02 09:00:00.123 +0000 UTC m=+0.123
        rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?:T|{_G}){_TIME}{_ZONE}"
        rf"(?:{_G}UTC)?+(?:{_G}m=[+-][\d.]++)?+",
    )
)
_PARTS = ("day", "month", "year", "hour", "minute", "second", "zone")
_FIRST = re.compile(rf"{_S}[A-Za-z0-9(]", re.ASCII)
_LONGEST = 200  # characters that a date with comments in it may take
_NAMES = {name.lower(): place for place, name in enumerate(MONTHS, 1)}


class Moment(NamedTuple):
    """A date in the field and where it stands."""

    when: datetime
    start: int
    end: int


def moment(text: str, start: int) -> Moment | None:
    """The date at `start` of `text`, or None where there is none or no such day."""
    if not _FIRST.match(text, start):
        return None
    for form in _FORMS:
        if match := form.match(text, start):
            return _made(match)
    return _with_comments(text, start)


def _made(match: re.Match[str]) -> Moment | None:
    day, month, year, hour, minute, second, zone_name = match.group(*_PARTS)
    zone = _zone(zone_name or "")
    seconds = int(second or 0)
    if zone is None or seconds > 60:
        return None
    number = _NAMES.get(month[:3].lower(), 0) if month.isalpha() else int(month)
    try:
        when = datetime(_year(year), number, int(day), int(hour), int(minute), min(seconds, 59), tzinfo=zone)
        if seconds == 60:  # a leap second, which datetime lacks
            when += timedelta(seconds=1)
        if not 1 < when.year < 9999:
            when.astimezone(UTC)  # may not exist there
    except (ValueError, OverflowError):
        return None
    return Moment(when, match.start("said"), match.end())


def _year(text: str) -> int:
    """RFC 5322 §4.3: two digits up to 49 are of this century, other two or three count from 1900."""
    return int(text) + (0 if len(text) == 4 else 2000 if len(text) == 2 and text < "50" else 1900)


@lru_cache(64)
def _zone(name: str) -> timezone | None:
    """RFC 5322 §4.3: letters that name no zone say nothing about the place, so the time is in UTC."""
    if name[:1] not in ("+", "-"):
        hours = ZONES.get(name.upper(), 0)
        return timezone(timedelta(hours=hours)) if hours else UTC
    minutes = int(name[1:3]) * 60 + int(name[3:])
    if minutes >= 24 * 60 or int(name[3:]) > 59:
        return None
    return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes)) if minutes else UTC


def _with_comments(text: str, start: int) -> Moment | None:
    """A date that has comments between its parts: all up to the end of the field is the date."""
    rest = text[start : start + _LONGEST]
    if "(" not in rest:
        return None
    try:
        when = date.parse(rest).when
    except RecordError:
        return None
    lead = len(rest) - len(rest.lstrip())
    return Moment(when, start + lead, start + len(rest.rstrip()))
