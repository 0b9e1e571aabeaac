"""What dig prints: header with its status, question, sections; or with +short only the values.

NOERROR without an answer is "no data", unless the server only names others to ask (a referral, RFC 1034
§4.3.2). Only the answer section is taken: what stands in the others may be incomplete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import zone
from .command_line import of_words
from .gathering import IGNORED, Text, typed
from .known import norm

_STATUS = re.compile(r";; ->>HEADER<<- opcode: \w+, status: (\w+)")
_FLAGS = re.compile(r";; flags:([a-z ]*);")
_SECTION = re.compile(r";; (QUESTION|ANSWER|AUTHORITY|ADDITIONAL|OPT PSEUDO) ?SECTION:|;; (QUESTION|ANSWER)")
_ASKED = re.compile(r";([^\s;]{1,300})[ \t]+(?:IN[ \t]+)?([A-Z0-9]{1,10})[ \t]*")
_COMMAND = re.compile(r"; <<>> DiG [^<]{0,100}<<>>(.*)")
_END = re.compile(r";; (?:Query time|MSG SIZE|SERVER|WHEN|XFR)")
_FAILED = re.compile(r";; (?:connection timed out|no servers could be reached|communications error)")


@dataclass
class Message:
    """One answer on its way through the lines."""

    name: str
    rdtype: str
    status: str = ""
    truncated: bool = False
    section: str = ""
    answers: int = 0
    authority: set[str] = field(default_factory=set)
    last: str = ""  # the name that a chain of aliases has come to


class Dig:
    """Reads dig's full output, section by section."""

    def __init__(self) -> None:
        self.message: Message | None = None

    def take(self, text: Text) -> int:
        """The lines that were dig's, 0 for others."""
        line = text.line
        if line.startswith(";"):
            self._comment(text, line)
            return 1
        if self.message is None or not self.message.section or not line.strip():
            return 0
        record = zone.read_record(line)
        if record is None:
            return 0
        owner, rdtype, rest = record
        if self.message.section == "ANSWER":
            self.message.answers += 1
            if rdtype not in IGNORED:
                origin, text.origin = text.origin, ""
                if text.add(owner, rdtype, rest) and rdtype == "CNAME" and norm(owner) == self.message.last:
                    self.message.last = norm(rest)
                text.origin = origin
        elif self.message.section == "AUTHORITY":
            self.message.authority.add(rdtype)
        return 1

    def _comment(self, text: Text, line: str) -> None:
        if found := _COMMAND.match(line):
            self.close(text)
            text.begin(of_words("dig", found[1]))
        elif found := _STATUS.match(line):
            self.close(text)
            text.begin(text.command)
            known = text.command
            self.message = Message(known.name if known else "", known.rdtype if known else "", found[1])
            self.message.last = norm(self.message.name)
        elif _FAILED.match(line):
            text.remark("no server could be reached from where this was asked: ask again, maybe elsewhere")
        elif self.message is not None:
            self._inside(line, self.message)
            if _END.match(line):
                self.close(text)

    @staticmethod
    def _inside(line: str, message: Message) -> None:
        if found := _FLAGS.match(line):
            message.truncated = "tc" in found[1].split()
        elif found := _SECTION.match(line):
            message.section = (found[1] or found[2] or "").split()[0]
        elif message.section == "QUESTION" and (found := _ASKED.fullmatch(line)):
            message.name, message.rdtype, message.last = found[1], found[2], norm(found[1])

    def close(self, text: Text) -> None:
        """The answer ends: what there is not is known now too."""
        message, self.message = self.message, None
        if message is None or not message.name:
            return
        if message.truncated:
            text.remark("the answer was cut off (flag tc): ask again with +tcp")
        elif message.status == "NXDOMAIN":
            text.nothing(message.last, "", "no such name")
        elif message.status == "SERVFAIL":
            text.nothing(message.name, message.rdtype, "no answer", "SERVFAIL")
        elif message.status != "NOERROR":
            text.remark(f"the server said {message.status[:20]}, which is no answer: ask another")
        elif (message.last, message.rdtype) in text.records or not typed(message.rdtype):
            return
        elif message.authority & {"NS"} and "SOA" not in message.authority:
            text.remark("the server only said whom else to ask (a referral): ask a resolver")
        elif message.answers == 0 or message.last != norm(message.name):
            text.nothing(message.last, message.rdtype, "no data")


def short(text: Text) -> int:
    """A value under `dig +short`: 1 where the line was taken."""
    command, line = text.command, text.line.strip()
    if not (command and command.tool == "dig" and command.short and line):
        return 0
    if not command.name:
        text.remark("several questions in one +short: nobody can tell which line answers which")
        return 1
    name = text.owner or command.name
    if command.rdtype not in ("CNAME", "PTR", "NS", "MX") and _ALIAS.fullmatch(line):
        if text.add(name, "CNAME", line):
            text.owner = line  # the values that follow are those of the name that the alias leads to
        return 1
    text.add(name, command.rdtype, line)
    return 1


_ALIAS = re.compile(r"[A-Za-z_*][^\s\"]{0,300}\.")


def end_short(text: Text) -> None:
    """An empty line ends the values of +short, once there are any."""
    command = text.command
    if command and command.short and (text.added == text.block or not command.name):
        text.begin()


def empty_short(text: Text) -> None:
    """A `dig +short` ends that printed nothing: NXDOMAIN, no data and a failure look all the same."""
    command = text.command
    if command and command.tool == "dig" and command.short and command.name:
        key = (norm(text.owner or command.name), command.rdtype)
        if text.blocks.get(key) != text.block:
            why = "dig +short printed nothing, which may mean several things: ask again without +short"
            text.remark(why, at=text.begun)
