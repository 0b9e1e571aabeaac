"""read: the DNS answers in a text that somebody pasted, whatever tools they come from.

Each line is offered to the readers in turn: a command line, dig, PowerShell, nslookup, host, a zone file, the
bare values of +short. What nobody takes is a remark. It raises nothing, and takes linear time.
"""

from __future__ import annotations

from collections.abc import Callable

from . import dig, host, nslookup, powershell, zone
from .command_line import command_of
from .gathering import LONGEST_LINE, Text
from .known import Answers, Remark

LONGEST = 1_000_000  # characters that are read

Reader = Callable[[Text], int]


def read(text: str) -> Answers:
    """What the text says of the DNS: dig, +short under its command, nslookup, host, Resolve-DnsName, a zone.

    What comes later counts for the same name and type. What could not be understood is in `.remarks`; past
    the first million characters nothing is read.
    """
    whole = text[:LONGEST]
    lines = whole.split("\n")
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    given = Text(
        [line.removesuffix("\r").removeprefix("\ufeff").replace("\xa0", " ") for line in lines], starts
    )
    _walk(given)
    if len(text) > LONGEST:
        given.remarks.append(Remark((LONGEST, len(text)), f"only the first {LONGEST} characters were read"))
    return given.done()


def _walk(text: Text) -> None:
    full = dig.Dig()
    readers: tuple[Reader, ...] = (
        full.take,
        powershell.take,
        nslookup.take,
        host.take,
        zone.take,
        dig.short,
    )
    while text.at < len(text.lines):
        line = text.line
        if not line.strip():
            dig.end_short(text)
            text.at += 1
        elif len(line) > LONGEST_LINE:
            text.remark("a line that is longer than any record")
            text.at += 1
        elif command := command_of(line):
            full.close(text)
            dig.empty_short(text)
            text.begin(command)
            text.at += 1
        else:
            text.at += _taken(text, readers)
    text.at = len(text.lines) - 1
    full.close(text)
    dig.empty_short(text)


def _taken(text: Text, readers: tuple[Reader, ...]) -> int:
    if text.command and text.command.short and not text.line.startswith(";"):
        readers = (dig.short,)
    for reader in readers:
        if lines := reader(text):
            return lines
    text.remark("not understood as an answer of the DNS")
    return 1
