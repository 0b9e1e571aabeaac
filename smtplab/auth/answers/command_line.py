"""A command line in pasted text: with which tool was what asked? (dig, host, nslookup, Resolve-DnsName)

The output of some forms says nothing of the question, so the line before it must. With several questions in
one line nobody can tell which output is whose, and none is taken.
"""

from __future__ import annotations

import re

from .gathering import Command, reverse, typed

LONGEST = 2000  # characters of a command line that are looked at

# At a prompt ($ # % > ❯) or at the beginning of a line; dig repeats its own behind "; <<>> DiG 9.20 <<>>".
_LINE = re.compile(
    r"(?:[^\s;][^$#%>❯]{0,120}[$#%>❯][ \t]*|[$#%>❯][ \t]*)?"
    r"(dig|host|nslookup|resolve-dnsname)(?:\.exe)?(?:[ \t]+(.*))?",
    re.IGNORECASE,
)
_RECORD = re.compile(r"(?:\d+|IN|CH|A|AAAA|MX|TXT|CNAME|NS|PTR|SRV)(?:\s|$)")
_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_WITH_VALUE = frozenset(["-b", "-c", "-f", "-k", "-p", "-y", "-R", "-W", "-m", "-N", "-server"])


def command_of(line: str) -> Command | None:
    """The command in this line, or None where there is none."""
    found = _LINE.fullmatch(line[:LONGEST].strip())
    if not found:
        return None
    tool, rest = found[1].lower(), found[2] or ""
    if tool in ("host", "dig") and _RECORD.match(rest):
        return None  # a host of that name in a zone file
    if found[1] == "Host" or rest.startswith(":"):
        return None  # how host and Resolve-DnsName say that they failed
    return of_words(tool, rest)


def of_words(tool: str, rest: str) -> Command:
    """The command of `tool` with these arguments."""
    words = ["".join(groups) for groups in _WORD.findall(rest.partition("|")[0])]
    if tool == "dig":
        return _dig(words)
    if tool == "host":
        return _host(words)
    return _nslookup(words) if tool == "nslookup" else _powershell(words)


def _dig(words: list[str]) -> Command:
    names, rdtype, short, at = [], "", False, 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.startswith("+"):
            short = word.lower() == "+short" or (short and word.lower() != "+noshort")
        elif word in ("-t", "-q", "-x") and at < len(words):
            rdtype = typed(words[at]) if word == "-t" else "PTR" if word == "-x" else rdtype
            names += [] if word == "-t" else [words[at] if word == "-q" else reverse(words[at])]
            at += 1
        elif word in _WITH_VALUE:
            at += 1
        elif typed(word) and not rdtype:
            rdtype = typed(word)
        elif not word.startswith(("@", "-")) and word.upper() != "IN":
            names.append(word)
    return Command("dig", names[0], rdtype or "A", short) if len(names) == 1 else Command("dig", short=short)


def _host(words: list[str]) -> Command:
    names, rdtype, at = [], "", 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "-t" and at < len(words):
            rdtype = typed(words[at])
            at += 1
        elif word.startswith("-t"):
            rdtype = typed(word[2:])
        elif word in _WITH_VALUE:
            at += 1
        elif not word.startswith("-"):
            names.append(word)
    name = names[0] if names else ""
    return Command("host", reverse(name) or name, "PTR" if reverse(name) else rdtype)


def _nslookup(words: list[str]) -> Command:
    rdtype, names = "", []
    for word in words:
        option, equals, value = word.partition("=")
        if equals and option.lower() in ("-q", "-ty", "-type", "-querytype", "-query"):
            rdtype = typed(value)
        elif not word.startswith("-"):
            names.append(word)
    name = names[0] if names else ""
    return Command("nslookup", reverse(name) or name, "PTR" if reverse(name) else rdtype)


def _powershell(words: list[str]) -> Command:
    name, rdtype, bare, at = "", "", [], 0
    while at < len(words):
        word = words[at].lower()
        at += 1
        if word in ("-name", "-type") and at < len(words):
            name, rdtype = (words[at], rdtype) if word == "-name" else (name, typed(words[at]))
            at += 1
        elif word in _WITH_VALUE:
            at += 1
        elif not word.startswith("-"):
            bare.append(words[at - 1])
    if not name and bare:
        name = bare.pop(0)
    rdtype = rdtype or (typed(bare[0]) if bare else "")
    return Command("powershell", reverse(name) or name, "PTR" if reverse(name) else rdtype)
