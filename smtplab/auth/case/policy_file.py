"""An MTA-STS policy: the file that says which MXs a domain has, and that they must be reached under TLS.

What does it ask of senders, and is it well-formed (RFC 8461 §3.2)? It is read alone: whether the domain
publishes it, and whether its MX records fit, takes the network.
"""

from __future__ import annotations

import re

from smtplab.mail.text import decode, visible
from smtplab.mail.verdict import Step, Verdict

REF = "RFC 8461 §3.2"
MOST_LINES = 100
LONGEST_AGE = 31_557_600  # seconds, about a year

_PAIR = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*)")
_MX = re.compile(r"(?:\*\.)?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_MODES = {
    "enforce": "senders must not deliver to an MX that fails these checks",
    "testing": "senders deliver all the same, and report failures if asked to",
    "none": "there is no policy any more",
}


def examine(data: bytes) -> Verdict:
    """The policy, line by line; "permerror" where a sender can't use it. Raises nothing."""
    steps, found, hosts = [], {}, 0
    for line in decode(data[:65536]).splitlines()[:MOST_LINES]:
        pair = _PAIR.fullmatch(line.strip())
        if not pair:
            if line.strip():
                steps.append(Step(visible(line)[:80], "no name with a colon and a value", "permerror", REF))
            continue
        name, value = pair[1].lower(), pair[2].strip()
        hosts += name == "mx"
        if name != "mx" and name in found:
            steps.append(
                Step(visible(line)[:80], "it stands there again: the first one counts", "policy", REF)
            )
            continue
        found[name] = value
        steps.append(_line(name, value))
    steps += [Step(name, "it is missing", "permerror", REF) for name in _lacking(found, hosts)]
    broken = any(step.result == "permerror" for step in steps)
    question = "what does this policy ask of senders?"
    return Verdict("permerror" if broken else "pass", "MTA-STS policy", question, tuple(steps))


def _lacking(found: dict[str, str], hosts: int) -> list[str]:
    wanted = [name for name in ("version", "mode", "max_age") if name not in found]
    return [*wanted, "mx"] if not hosts and found.get("mode") != "none" else wanted


def _line(name: str, value: str) -> Step:
    what = visible(f"{name}: {value}")[:120]
    if name == "version":
        good = value == "STSv1"
        return Step(
            what, "the version" if good else "STSv1 is the only version", "" if good else "permerror", REF
        )
    if name == "mode":
        why = _MODES.get(value, "enforce, testing or none is meant")
        return Step(what, why, "" if value in _MODES else "permerror", REF)
    if name == "max_age":
        fits = re.fullmatch(r"\d{1,10}", value, re.ASCII) and int(value) <= LONGEST_AGE
        why = "for so many seconds senders keep it" if fits else f"seconds, at most {LONGEST_AGE}"
        return Step(what, why, "" if fits else "permerror", REF)
    if name == "mx":
        good = _MX.fullmatch(value) is not None
        why = "a host that may be an MX" if good else "a host name is meant, or *. and a domain"
        return Step(what, why, "" if good else "permerror", REF)
    return Step(what, "not known here, so it means nothing", "", REF)
