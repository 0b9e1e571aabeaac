"""Three sentences on a case: what is known, what is wrong, and what to do first.

They are made from the verdicts and say nothing that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtplab.mail.header import Field
from smtplab.mail.received import Chain
from smtplab.mail.received.hops import cut
from smtplab.mail.route import Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from ..answers import commands
from ..dkim import DkimVerdict
from ..dkim.cause import CAUSES
from ..dmarc import DmarcVerdict
from ..spf import SpfVerdict
from .record import Fact
from .settling import UNKNOWN

NOTHING_WRONG = "Nothing is wrong that this message and these answers show."

# What to do about a signature that fails, by its cause (the part before a colon).
DO = {
    "no-key": "publish the key at {name}, or sign with a selector whose key is published",
    "revoked": "sign with another selector: the key at {name} was withdrawn",
    "wrong-key": "publish at {name} the public half of the key that signs",
    "key-syntax": "mend the key record at {name}",
    "key-type": "publish a key of the type that signs at {name}",
    "expired": "deliver sooner, or sign with a later x=",
    "weak-key": "sign with a key of 2048 bits",
    "sha1": "sign with rsa-sha256",
}
CHANGED = "find the host that changes the message after it is signed ({cause}), and sign behind it"


def sentences_of(
    facts: Sequence[Fact],
    way: Chain,
    verdicts: Sequence[Verdict],
    missing: Sequence[Question],
    damage: Sequence[Step],
    known: Sequence[Field],
) -> tuple[str, str, str]:
    """The three sentences."""
    spf = next(one for one in verdicts if isinstance(one, SpfVerdict))
    dkim = [one for one in verdicts if isinstance(one, DkimVerdict)]
    dmarc = next(one for one in verdicts if isinstance(one, DmarcVerdict))
    broken = [step for step in damage if step.result == "fail"]
    if all(one.result == "pass" for one in dkim):
        broken = []  # it holds all the same, so nothing that is signed was changed
    wrong = next(_wrong(spf, dkim, dmarc, broken, verdicts), "")
    first = next(_first(facts, way, spf, dkim, dmarc, broken, missing), "nothing has to be done")
    return _known(facts, spf, dkim, dmarc), wrong or NOTHING_WRONG, f"First: {first}."


def _known(facts: Sequence[Fact], spf: SpfVerdict, dkim: Sequence[DkimVerdict], dmarc: DmarcVerdict) -> str:
    ip = facts[0]
    came = {
        "known": f"it came from {ip.value}",
        "claimed": f"it is said to have come from {ip.value}",
        "unknown": "nobody knows from where it came",
    }[ip.standing]
    results = [_result("SPF", spf.result, spf.domain)]
    results += [_result("DKIM", one.result, one.domain) for one in dkim[:3]]
    results += [f"{len(dkim) - 3} more signatures"] if len(dkim) > 3 else []
    results.append(_result("DMARC", dmarc.result, dmarc.domain))
    return f"Known: {cut(came)}; {', '.join(results)}."


def _result(method: str, result: str, domain: str) -> str:
    return f"{method} is {result}" + (f" for {cut(domain)}" if domain else "")


def _wrong(
    spf: SpfVerdict,
    dkim: Sequence[DkimVerdict],
    dmarc: DmarcVerdict,
    broken: Sequence[Step],
    verdicts: Sequence[Verdict],
) -> Iterator[str]:
    if broken:
        yield f"The paste is damaged: {broken[0].why}; a signature fails for that reason alone."
    if dmarc.result == "fail":
        asks = f"{cut(dmarc.policy_domain)} asks for {dmarc.policy}"
        yield f"DMARC fails, and {asks}: {_why(spf, dkim, dmarc)}."
    if dmarc.result in ("permerror", "temperror"):
        yield f"DMARC is {dmarc.result}: {dmarc.steps[-1].why}."
    if spf.result in ("fail", "softfail", "permerror", "temperror"):
        decided = f" by {cut(spf.term)}" if spf.term else ""
        yield f"SPF is {spf.result} for {cut(spf.domain)}{decided}."
    for one in dkim:
        if one.result not in ("pass", "none", UNKNOWN):
            yield f"The signature of {cut(one.domain) or 'somebody'} is {one.result}: {_cause(one)}."
        elif one.result == UNKNOWN and one.body_hash not in ("", one.claimed):
            yield f"The body is not what {cut(one.domain)} signed, whatever its key is."
    unknown = [one.method for one in verdicts if one.result == UNKNOWN]
    if unknown:
        methods = list(dict.fromkeys(unknown))
        hang = f"{' and '.join(methods)} {'hang' if len(methods) > 1 else 'hangs'}"
        yield f"Whether something is wrong can't be told yet: {hang} on what is not at hand."
    faults = [step for step in verdicts[-1].steps if step.result == "fail"]
    if faults:
        yield f"The header section breaks a rule, at {cut(faults[0].what)}: {_inner(faults[0])}"
    if dmarc.result == "none" and dmarc.domain:
        yield f"{cut(dmarc.domain)} has no DMARC record, so anybody's mail may carry its name."


def _inner(step: Step) -> str:
    return next((inner.why for inner in step.steps if inner.result == "fail"), step.why)


def _why(spf: SpfVerdict, dkim: Sequence[DkimVerdict], dmarc: DmarcVerdict) -> str:
    passed = [("SPF", spf.domain)] if spf.result == "pass" else []
    passed += [("DKIM", one.domain) for one in dkim if one.result == "pass"]
    if passed:
        said = " and ".join(f"{method} passes for {cut(domain)}" for method, domain in passed[:3])
        return f"{said}, which is not of the organization of {cut(dmarc.domain)}"
    causes = [
        f"DKIM is {one.result} ({_cause(one)})" if one.cause else "it has no signature" for one in dkim[:1]
    ]
    return f"SPF is {spf.result}, and {causes[0]}"


def _cause(verdict: DkimVerdict) -> str:
    word, _, name = verdict.cause.partition(":")
    said = CAUSES.get(word, word) or "it does not hold"
    return f"{said}: {visible(name)[:80]}" if name else said


def _first(
    facts: Sequence[Fact],
    way: Chain,
    spf: SpfVerdict,
    dkim: Sequence[DkimVerdict],
    dmarc: DmarcVerdict,
    broken: Sequence[Step],
    missing: Sequence[Question],
) -> Iterator[str]:
    if broken:
        yield "get the raw source of the message from the mail program, and judge that"
    if facts[0].value is None and spf.result == UNKNOWN:
        newest = cut(way.header[0].received.by) if way.hops else ""
        host = f" --trust {newest}, if that is your host," if newest and not way.known else ""
        yield f"say from which address your server got the message:{host} or --ip".replace(":,", ":")
    if facts[1].value is None and spf.result == UNKNOWN:
        yield "say with which reverse-path it came: --mail-from, as in the log of your server"
    if missing:
        lines = commands(missing)["dig"]
        more = f" and {len(missing) - 1} more, listed below," if len(missing) > 1 else ""
        line = lines[0] if lines else "the questions below"
        yield f"run `{line}`{more} and paste what it prints"
    if dmarc.result == "pass":
        return
    yield from _mend(facts, spf, dkim, dmarc)


def _mend(
    facts: Sequence[Fact], spf: SpfVerdict, dkim: Sequence[DkimVerdict], dmarc: DmarcVerdict
) -> Iterator[str]:
    if dmarc.result == "fail" and "pass" in (spf.result, *(one.result for one in dkim)):
        domain = cut(dmarc.domain)
        yield f"have the message signed with d={domain}, or use a reverse-path in {domain}"
    for one in dkim:
        if one.result not in ("pass", "none", UNKNOWN):
            word = one.cause.partition(":")[0]
            name = f"{cut(one.selector)}._domainkey.{cut(one.domain)}"
            yield DO.get(word, CHANGED).format(name=name, cause=_cause(one))
    if spf.result == "permerror":
        yield f"mend the SPF record of {cut(spf.domain)}: nothing in it counts before"
    if spf.result in ("fail", "softfail", "neutral"):
        yield f"if {facts[0].value} sends for {cut(spf.domain)}, name it in its SPF record"
    if spf.result == "none" and spf.domain:
        yield f"publish an SPF record for {cut(spf.domain)}"
    if dmarc.result == "none" and dmarc.domain:
        yield f"publish v=DMARC1; p=none with an address for reports at _dmarc.{cut(dmarc.domain)}"
