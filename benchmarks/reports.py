"""DMARC aggregate reports of 100,000 rows: written and read row by row, in linear time and bounded memory.

The peers are `xml.etree.ElementTree.iterparse` of the standard library with `clear()`, which makes no records
and refuses no bombs, and PyPI's `dmarc`, which makes a dict of it by the schema, and takes only small ones in
good time.
"""

from __future__ import annotations

import io
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from dmarc.report import DMARC2Schema

from smtplab.auth.dmarc.reports import (
    DkimResult,
    Published,
    Reading,
    Report,
    Row,
    SpfResult,
    packed,
    read,
    written,
)

FEW, SMALL, LARGE = 500, 10_000, 100_000
ROUNDS = 2
HEAD = Report(
    "Birch",
    "noreply-dmarc@birch.example",
    "1@birch.example",
    1_767_225_600,
    1_767_311_999,
    Published("acorn.example", "reject", testing="n", discovery="treewalk"),
)


def rows_of(count: int) -> Iterator[Row]:
    """So many rows, each of another address; the domains behind them come again and again."""
    for number in range(count):
        passes = number % 3 != 0
        domain = "acorn.example" if passes else f"host{number % 500}.example"
        yield Row(
            f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1",
            number % 40 + 1,
            "pass" if passes else "quarantine",
            passes,
            number % 2 == 0 and passes,
            "acorn.example",
            domain,
            dkim=(DkimResult(domain, f"s{number % 7}", "pass"),),
            spf=(SpfResult(domain, "pass" if number % 2 == 0 else "softfail"),),
        )


def make(count: int) -> bytes:
    """A gzipped report of so many rows."""
    return b"".join(packed(written(HEAD, rows_of(count))))


def stream(count: int) -> int:
    """Make such a report and keep nothing of it; its size."""
    return sum(map(len, packed(written(HEAD, rows_of(count)))))


def go_through(data: bytes) -> int:
    """Read a report without keeping its rows; the messages in it."""
    return sum(row.count for row in Reading(data))


def theirs(data: bytes) -> int:
    """The same sum by ElementTree. What gzip holds is unpacked first, without a limit."""
    total = 0
    for _, element in ElementTree.iterparse(io.BytesIO(zlib.decompress(data, 31))):
        if element.tag.endswith("}record"):
            total += int(element.find("{*}row/{*}count").text)
            element.clear()
    return total


def by_schema(data: bytes) -> int:
    """The same sum by the `dmarc` package."""
    found = DMARC2Schema.to_dict(zlib.decompress(data, 31).decode())
    return sum(record["row"]["count"] for record in found["record"])


def rows() -> list[tuple[str, str, str, str]]:
    """Times are per row, so that equal figures for 10,000 and 100,000 rows show linear time."""
    small, large = make(SMALL), make(LARGE)
    assert go_through(small) == theirs(small) == sum(row.count for row in read(small).rows)
    making = [(_seconds(make, SMALL) / SMALL, _seconds(make, LARGE) / LARGE) for _ in range(ROUNDS)]
    reading = [
        (
            _seconds(go_through, small) / SMALL,
            _seconds(go_through, large) / LARGE,
            _seconds(theirs, large) / LARGE,
        )
        for _ in range(ROUNDS)
    ]
    few = make(FEW)
    assert by_schema(few) == go_through(few)
    schema = min(_seconds(by_schema, few) for _ in range(ROUNDS)) / FEW
    write_small, write_large = (min(column) for column in zip(*making, strict=True))
    read_small, read_large, peer = (min(column) for column in zip(*reading, strict=True))
    held = [_peak(stream, SMALL), _peak(stream, LARGE)]
    kept = [_peak(go_through, small), _peak(go_through, large)]
    whole = _peak(read, small) / SMALL
    return [
        _row(f"a DMARC report of {LARGE:,} rows made and gzipped", write_small, write_large, "none"),
        _row(
            f"a report of {LARGE:,} rows read",
            read_small,
            read_large,
            f"bare iterparse {1e6 * peer:.0f} µs, `dmarc` {1e6 * schema:.0f} µs",
        ),
        (
            "memory for that, row by row",
            _mb(kept[1]),
            "none",
            f"{_mb(kept[0])} for {SMALL:,} rows; aim: the same",
        ),
        ("memory to make it, row by row", _mb(held[1]), "none", f"{_mb(held[0])} for {SMALL:,} rows"),
        ("memory of a row that is kept", f"{whole:.0f} octets", "none", ""),
    ]


def _row(what: str, small: float, large: float, peer: str) -> tuple[str, str, str, str]:
    aim = f"{large / small:.2f} times the {SMALL:,}-row time a row; aim: 1"
    return what, f"{1e6 * large:.0f} µs a row", peer, aim


def _seconds(work, given) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    work(given)
    return time.perf_counter() - start


def _peak(work, given) -> int:  # type: ignore[no-untyped-def]
    tracemalloc.start()
    try:
        kept = work(given)
        return tracemalloc.get_traced_memory()[1] + 0 * bool(kept)
    finally:
        tracemalloc.stop()


def _mb(octets: int) -> str:
    return f"{octets / 1e6:.1f} MB"
