"""What nslookup prints, on Unix and on Windows, with its own prompt too.

On Windows a type that a name lacks is answered with the zone's SOA, or with a sentence.
"""

from __future__ import annotations

import re

from .command_line import of_words
from .gathering import Command, Text, reverse, typed
from .known import norm

_NAME = r"(\S{1,300})"
_TXT = re.compile(rf"{_NAME}[ \t]+text =[ \t]*(.*)")
_MX = re.compile(
    rf"{_NAME}[ \t]+(?:mail exchanger = (\d{{1,5}}) |MX preference = (\d{{1,5}}), mail exchanger = ){_NAME}"
)
_CNAME = re.compile(rf"{_NAME}[ \t]+canonical name = {_NAME}")
_PTR = re.compile(rf"{_NAME}[ \t]+name = {_NAME}")
_HOST = re.compile(rf"Name:[ \t]+{_NAME}")
_ADDRESS = re.compile(r"(?:Address(?:es)?:)?[ \t]+([0-9A-Fa-f:.]{2,45})(?:#\d+)?")
_ALIASES = re.compile(rf"Aliases:[ \t]+{_NAME}")
_SERVER = re.compile(r"(?:Server|Default Server|Standardserver):[ \t]+\S.*|\*\*\* Default servers .*", re.I)
_AUTHORITY = re.compile(r"Authoritative answers can be found from:.*", re.I)
_NOISE = re.compile(
    r"(?:Non-authoritative answer:|\S+[ \t]+(?:nameserver|internet address|AAAA IPv6) = .*)", re.I
)
_SOA = re.compile(r"[ \t]+(?:primary name server|origin) = .*")
_SOA_MORE = re.compile(
    r"[ \t]+(?:(?:responsible )?mail addr|serial|refresh|retry|expire|default TTL|minimum)[ \t]*= .*"
)
_CANNOT = re.compile(rf"\*\*\*? ?(?:\S+ )?can't find {_NAME}: (.*)", re.I)
_NO_RECORDS = re.compile(rf"\*\*\* No .{{1,80}} records available for {_NAME}", re.I)
_NO_TXT = re.compile(r"\((\w+)\)")
_TIMEOUT = re.compile(
    r"(?:DNS request timed out\.|\*\*\* Request to .* timed-out|[ \t]+timeout was .*)", re.I
)
_SET = re.compile(r"set (?:q|ty|type|query|querytype)=(\w{1,10})", re.I)
_WORD = re.compile(r"[A-Za-z0-9_.*:-]{1,255}")


def take(text: Text) -> int:
    """The lines that were nslookup's, 0 for others."""
    line = text.line.rstrip()
    if line.startswith("> "):
        return _prompt(text, line[2:].strip())
    if _SERVER.fullmatch(line):
        return 2 if _ADDRESS.fullmatch(text.ahead().rstrip()) else 1
    if _AUTHORITY.fullmatch(line):
        return 1
    if found := _TXT.fullmatch(line):
        return _strings(text, found[1], found[2])
    if found := _HOST.fullmatch(line):
        return _addresses(text, found[1])
    return _record(text, line) or _nothing(text, line)


def _prompt(text: Text, words: str) -> int:
    """A line at nslookup's own prompt."""
    if found := _SET.fullmatch(words):
        text.prompt_type = typed(found[1])
        return 1
    if words in ("exit", "quit") or words.startswith("server "):
        return 1
    if _WORD.fullmatch(words) and "." in words:
        asked = Command("nslookup", words, text.prompt_type)
        text.begin(Command("nslookup", reverse(words), "PTR") if reverse(words) else asked)
        return 1
    if words.startswith(("nslookup ", "dig ", "host ")):
        tool, _, rest = words.partition(" ")
        text.begin(of_words(tool, rest))
        return 1
    return 0


def _record(text: Text, line: str) -> int:
    if found := _MX.fullmatch(line):
        text.add(found[1], "MX", f"{found[2] or found[3]} {_whole(found[4])}")
    elif found := _CNAME.fullmatch(line):
        text.add(found[1], "CNAME", _whole(found[2]))
    elif found := _PTR.fullmatch(line):
        text.add(found[1], "PTR", _whole(found[2]))
    else:
        return 1 if _NOISE.fullmatch(line) else 0
    return 1


def _strings(text: Text, name: str, first: str) -> int:
    """text = with its strings behind it, or each on a line of its own below."""
    strings, lines = [first] if first else [], 1
    while lines < 300:
        below = text.ahead(lines).strip()
        if below.startswith('"') or (not below and not strings and lines < 3):
            strings += [below] if below else []
        else:
            break
        lines += 1
    if strings:
        text.add(name, "TXT", " ".join(strings), lines)
    else:
        text.remark("text = without any text", lines)
    return lines


def _addresses(text: Text, name: str) -> int:
    lines, found = 1, []
    while lines < 300 and (line := _ADDRESS.fullmatch(text.ahead(lines).rstrip())):
        found.append(line[1])
        lines += 1
    if alias := _ALIASES.fullmatch(text.ahead(lines).rstrip()):
        text.add(alias[1], "CNAME", _whole(name))
        lines += 1
    for address in found:
        text.add(name, "AAAA" if ":" in address else "A", address)
    if text.command and text.command.rdtype == "PTR" and text.command.name.endswith(".arpa"):
        text.add(text.command.name, "PTR", _whole(name))
    return lines


def _nothing(text: Text, line: str) -> int:
    """The sentences that say what there is not."""
    if found := _CANNOT.fullmatch(line):
        _cannot(text, found[1], found[2])
    elif found := _NO_RECORDS.fullmatch(line):
        kind = _NO_TXT.search(line)
        _without(text, found[1], typed(kind[1]) if kind else "")
    elif _SOA.fullmatch(line) and text.command and text.command.name:
        _without(text, text.command.name)
    elif _TIMEOUT.fullmatch(line):
        text.remark("nslookup was not answered in time: ask again, maybe elsewhere")
    elif not (_SOA.fullmatch(line) or _SOA_MORE.fullmatch(line)):
        return _owner_of_soa(text, line)
    return 1


def _owner_of_soa(text: Text, line: str) -> int:
    """The name on a line of its own above the lines of an SOA."""
    return 1 if _WORD.fullmatch(line.strip()) and _SOA.fullmatch(text.ahead().rstrip()) else 0


def _cannot(text: Text, name: str, why: str) -> None:
    low = why.lower()
    if "nxdomain" in low or "non-existent" in low:
        text.nothing(name, "", "no such name")
    elif "no answer" in low:
        _without(text, name)
    elif "servfail" in low or "server failed" in low:
        kind = _type(text)
        if kind:
            text.nothing(name, kind, "no answer", "SERVFAIL")
        else:
            text.remark("the server failed, and no command line says which type was asked for")
    else:
        text.remark("nslookup got no answer: ask again, or another server")


def _without(text: Text, name: str, kind: str = "") -> None:
    kind = kind or _type(text)
    if not kind:
        text.remark("there is no such record, and no command line says which type was asked for")
    elif (norm(name), kind) not in text.records or text.blocks.get((norm(name), kind)) != text.block:
        text.nothing(name, kind, "no data")


def _type(text: Text) -> str:
    return text.command.rdtype if text.command and text.command.tool == "nslookup" else ""


def _whole(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
