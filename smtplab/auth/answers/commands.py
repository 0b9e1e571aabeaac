"""The commands that ask the DNS what is missing, ready to be pasted: dig, nslookup, PowerShell.

Names come from messages and records of strangers: what is more than letters, digits, dots, hyphens and
underscores is quoted for the shell, and left out where no quoting is safe. A dot at the end keeps the tools
from trying the own domain behind the name.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Literal

from smtplab.mail.route import Question

Tool = Literal["dig", "nslookup", "PowerShell"]

_PLAIN = re.compile(r"(?!-)[A-Za-z0-9._-]{1,255}")
_PRINTED = re.compile(r"[ -~]{1,255}")
_TYPE = re.compile(r"[A-Z0-9]{1,10}")


def commands(questions: Iterable[Question]) -> Mapping[Tool, list[str]]:
    """For each tool the commands, one a question.

    nslookup runs under shells that quote in different ways, so names that need quotes have no command there;
    nor has a name with characters that do not print.
    """
    found: dict[Tool, list[str]] = {"dig": [], "nslookup": [], "PowerShell": []}
    for question in dict.fromkeys(questions):
        name, rdtype = question.name.removesuffix(".") + ".", question.rdtype.upper()
        if not (_PRINTED.fullmatch(name) and _TYPE.fullmatch(rdtype)):
            continue
        if _PLAIN.fullmatch(name):
            found["dig"].append(f"dig {rdtype} {name}")
            found["nslookup"].append(f"nslookup -type={rdtype} {name}")
            quoted = name
        else:
            # -q, for dig takes what begins with -, + or @ for something else than a name
            found["dig"].append(f"dig -t {rdtype} -q {shlex.quote(_escaped(name))}")
            quoted = "'" + name.replace("'", "''") + "'"
        found["PowerShell"].append(f"Resolve-DnsName -Type {rdtype} -Name {quoted} | Format-List")
    return found


def _escaped(name: str) -> str:
    """The name as dig reads it: with a backslash in front of what means something in a zone file."""
    return re.sub(r'(["$();@\\])', r"\\\1", name).replace(" ", r"\032")
