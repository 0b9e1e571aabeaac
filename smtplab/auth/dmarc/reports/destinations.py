"""Has the receiver of reports agreed to them? (RFC 9990 §4)

A record may name an address at any domain in rua=. Without a check, somebody could have a victim flooded with
reports; so a destination outside the organization has to say in the DNS that it wants them. For failure
reports the check is the same (RFC 9991 §5). It asks one question; mailing is for others.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from urllib.parse import unquote

from smtplab.mail.domain import to_ascii
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from ...spf.check import PATIENCE, answer_of
from ...what_if import Resolve, asked

REF = "RFC 9990 §4"
LONGEST = 253  # octets of a name as text (RFC 1035 §2.3.4)


@dataclass(frozen=True, slots=True)
class DestinationVerdict(Verdict):
    """pass (reports may go there), fail, temperror (ask again later) or permerror (no address to send to).

    `destination` is the address that the reports go to: another one than `rua` where the consumer says so.
    """

    rua: str = ""
    destination: str = ""
    queries: tuple[tuple[Question, Answer], ...] = ()


def mailto(uri: str) -> str:
    """The address in a mailto: URI of rua= or ruf=, "" where it is none. It drops a size limit (`!10m`)."""
    scheme, colon, rest = uri.strip().partition(":")
    if scheme.lower() != "mailto" or not colon:
        return ""
    address = unquote(rest.partition("?")[0].partition("!")[0])
    local, at, domain = address.rpartition("@")
    printable = address.isprintable() and not any(char in address for char in ' <>,;"()[]\\')
    return address if local and at and domain and printable else ""


def may_report(
    policy_domain: str,
    rua: str,
    *,
    org_domain: str = "",
    destination_org: str = "",
    resolve: Resolve,
    patience: float = PATIENCE,
) -> DestinationVerdict:
    """May reports about `policy_domain` go to `rua`, a mailto: URI of its record? Asks with `resolve`.

    `org_domain` is the organizational domain of `policy_domain`, `destination_org` that of the address, each
    the domain itself where "". Never raises for what the DNS or the record says.
    """
    given = {
        "policy_domain": policy_domain,
        "rua": rua,
        "org_domain": org_domain,
        "destination_org": destination_org,
    }
    end = time.monotonic() + patience
    asking = evaluate(policy_domain, rua, org_domain=org_domain, destination_org=destination_org)
    try:
        question = next(asking)
        while True:
            question = asking.send(answer_of(question, resolve, end))
    except StopIteration as finished:
        verdict: DestinationVerdict = finished.value
        return asked(verdict, may_report, {**given, "resolve": resolve, "patience": patience})


def evaluate(
    policy_domain: str, rua: str, *, org_domain: str = "", destination_org: str = ""
) -> Generator[Question, Answer, DestinationVerdict]:
    """`may_report`, with its question yielded and its answer sent: no I/O."""
    address = mailto(rua)
    host = _host(address)
    policy = _a_label(policy_domain)
    steps: list[Step] = []
    queries: list[tuple[Question, Answer]] = []

    def verdict(result: str, destination: str = "") -> DestinationVerdict:
        question = f"may reports about {policy} go to {visible(rua)}?"
        return DestinationVerdict(
            result, "report destination", question, tuple(steps), rua=rua, destination=destination,
            queries=tuple(queries),
        )  # fmt: skip

    if not address:
        steps.append(
            Step(rua, "This is no mailto: address, and no other scheme is in use.", "permerror", REF)
        )
        return verdict("permerror")
    if _inside(policy, org_domain, host, destination_org):
        why = "The address belongs to the same organization: nothing has to be asked."
        steps.append(Step(host, why, "pass", REF))
        return verdict("pass", address)
    steps.append(
        Step(host, f"The address is outside the organization of {policy}: it has to agree.", "", REF)
    )
    name = f"{policy}._report._dmarc.{host}"
    if len(name) > LONGEST:
        steps.append(Step(name, f"The name is longer than {LONGEST} octets: nobody can agree.", "fail", REF))
        return verdict("fail")
    question = Question(name, "TXT")
    answer = yield question
    queries.append((question, answer))
    if answer.status == "no answer":
        why = f"The DNS did not answer ({answer.note or 'no reason given'}): ask again later."
        steps.append(Step(name, why, "temperror", REF))
        return verdict("temperror")
    return verdict(*_read(name, address, host, answer, steps))


def _read(name: str, address: str, host: str, answer: Answer, steps: list[Step]) -> tuple[str, str]:
    """What the TXT records at `name` say: the result, and where to send."""
    agreeing = [tags for tags in map(_tags, answer.values) if tags]
    steps += [
        Step(visible(value)[:200], "It does not begin with v=DMARC1, so it does not count.", "", REF)
        for value in answer.values[:10]
        if not _tags(value)
    ]
    if not agreeing:
        why = "No record here begins with v=DMARC1: the destination has not agreed, and gets no report."
        steps.append(Step(f"{name} TXT", why, "fail", REF))
        return "fail", ""
    steps.append(Step(f"{name} TXT", "The destination has agreed.", "pass", REF))
    for tags in agreeing:
        if not tags.get("rua"):
            continue
        other = mailto(tags["rua"].partition(",")[0])
        if other and _host(other) == host:
            steps.append(Step(f"rua={tags['rua']}", "It wants them at this address instead.", "", REF))
            return "pass", other
        why = "It names another host, which could send reports round in circles: the address stays."
        steps.append(Step(f"rua={tags['rua']}", why, "", REF))
    return "pass", address


def _tags(value: str) -> dict[str, str] | None:
    """The tags of a record, None where v=DMARC1 is not the first (RFC 9989 §4.7)."""
    pairs = [part.partition("=") for part in value.split(";")]
    if pairs[0][0].strip().lower() != "v" or pairs[0][2].strip() != "DMARC1":
        return None
    return {name.strip().lower(): text.strip() for name, equals, text in reversed(pairs) if equals}


def _inside(policy: str, org: str, host: str, host_org: str) -> bool:
    """Whether both belong to one organization. A parent does, as far as is known."""
    ours, theirs = _a_label(org) or policy, _a_label(host_org) or host
    return ours == theirs or (not host_org and theirs.endswith("." + ours))


def _host(address: str) -> str:
    return _a_label(address.rpartition("@")[2])


def _a_label(domain: str) -> str:
    return to_ascii(domain.strip()).removesuffix(".")
