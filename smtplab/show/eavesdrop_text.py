"""The eavesdropper's view as text, for a terminal: two columns, row by row in step.

    C EHLO me                            | C EHLO me
                                         | C [handshake · ClientHello 517 B] 16 03 01 02 00 01 ...
                                         |     leak, host name: mx.birch.example
    C* MAIL FROM:<alice@acorn.example>   | C [application data 64 B] 17 03 03 00 3b 9f ...

A star says that a line was under TLS.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from ..mail.line import Line
from ..mail.line import shown as line_shown
from ..mail.text import visible
from ..mail.tls_records import HEADER, Heard
from .eavesdrop_rows import Row, View
from .eavesdrop_summary import learnt
from .eavesdrop_words import PHASES, Fact, about, ended, facts, hexadecimal, noted, raw, says, stolen
from .rungs import columns, elapsed, shortened

TIME = 9  # characters
MOST = 10  # lines of one row and column; more are counted


def render(view: View, *, secrets: bool = False, width: int = 118) -> str:
    """The rows of `view` in two columns, and under them what was learnt."""
    left = (width - TIME - 3) // 2
    right = width - TIME - 3 - left
    made = [_row("ms", ["What client and server say"], ["What Mallory reads"], left, right)]
    for row in view.rows:
        if row.phase:
            title, words = PHASES[row.phase]
            title += f": {visible(row.tls.text)}" if row.tls else ""
            made.append(shortened(f"--- {title}. {words} ", width).ljust(width, "-"))
            if row.tls:
                made += [_row("", [f"({noted(row.tls)})"], [], left, right)] if row.tls.note else []
                continue
        inside = _few(_inside(row, secrets), row.folded)
        outside = _few(_outside(row, right), row.folded)
        made.append(_row(elapsed(row.t), inside, outside, left, right))
    made += ["-" * width, *textwrap.wrap("".join(fact.text for fact in learnt(view)), width)]
    return "\n".join(made)


def _few(said: Iterator[str], hidden: int) -> list[str]:
    """A few of the lines, and how many more there are; all of them are hidden in a folded row."""
    lines = list(said)
    if hidden:
        return [f"... {len(lines):,} more"]
    if len(lines) <= MOST:
        return lines
    return [*lines[: MOST - 2], f"... {len(lines) - MOST + 1:,} more", lines[-1]]


def _row(time: str, inside: list[str], outside: list[str], left: int, right: int) -> str:
    pairs = zip_longest(_wrapped(inside, left), _wrapped(outside, right), fillvalue="")
    times = [time.rjust(TIME - 2)]
    return "\n".join(
        f"{(times.pop() if times else '').ljust(TIME)}{one}{' ' * (left - columns(one))} | {other}".rstrip()
        for one, other in pairs
    )


def _wrapped(said: list[str], width: int) -> list[str]:
    """Each line in pieces that fit, the later ones indented."""
    made = []
    for line in said:
        text, indent = shortened(line, 8 * width), ""
        while columns(indent + text) > width:
            piece = shortened(indent + text, width).removesuffix("…")
            space = piece.rfind(" ", width // 2)  # break between words where one is near
            piece = piece[:space] if space > 0 else piece
            made.append(piece)
            text, indent = text[max(1, len(piece) - len(indent)) :].lstrip(" "), "    "
        made.append(indent + text)
    return made


def _inside(row: Row, secrets: bool) -> Iterator[str]:
    if not row.lines:
        yield f"({says(row).removesuffix('.')})" if says(row) else ""
    for line in row.lines:
        yield from _line(line, secrets)


def _line(line: Line, secrets: bool) -> Iterator[str]:
    if line.kind in ("tls", "close"):
        yield f"({ended(line).removesuffix('.')})"
        return
    mark = "* " if line.tls else " "
    for piece in line_shown(line, secrets=secrets).split("\n"):
        yield f"{line.side}{mark}{piece}"
    if line.note:
        yield f"    {noted(line)}"


def _outside(row: Row, width: int) -> Iterator[str]:
    secret = next((fact for fact in map(stolen, row.lines) if fact), None)
    for one in row.heard:
        if one.kind == "text":
            yield f"{one.side} {raw(one.data)}"
            yield from _fact(secret) if secret else ()
        else:
            yield _record(one, width)
            for fact in facts(one):
                yield from _fact(fact)
    for note in about(row):
        yield from [f"    {note}"] if note else []


def _record(one: Heard, width: int) -> str:
    name = one.record.name if one.record else "not TLS"
    front = f"{one.side} [{name} {len(one.data):,} B] "
    return front + hexadecimal(one.data, max(HEADER, (width - len(front) - 2) // 3))


def _fact(fact: Fact) -> Iterator[str]:
    yield f"    leak, {fact.leak}: {fact.text}" if fact.leak else f"    {fact.text}"
