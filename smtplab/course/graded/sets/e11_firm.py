"""What a firm's DMARC records do with mail: published, and tried on messages (RFC 9989 §5.3)."""

from __future__ import annotations

from ....auth import dmarc
from ....auth.dkim import DkimVerdict
from ....auth.dmarc import DmarcVerdict
from ....auth.dmarc.reports import mailto
from ....auth.spf import SpfVerdict
from ....mail.errors import RecordError
from ....mail.text import visible
from ..world import World
from .zones import resolver


def sent(world: World, records: dict[str, str], author: str, spf: str = "", signer: str = "") -> DmarcVerdict:
    """DMARC on a message, with these records published: SPF and DKIM pass for the domains that are given."""
    published = {name.strip().removesuffix("."): {"TXT": [text]} for name, text in list(records.items())[:9]}
    return dmarc.verify(
        author,
        spf=SpfVerdict("pass" if spf else "fail", "SPF", "", domain=spf or author),
        dkim=[DkimVerdict("pass", "DKIM", "", domain=signer)] if signer else [],
        resolve=resolver({**world.dns, **published}),
    )


def asked(world: World, records: dict[str, str], author: str, policy: str) -> tuple[str, bool, str]:
    """A message that fails: whether the owner asks for `policy`."""
    found = sent(world, records, author)
    good = found.result == "fail" and found.policy == policy
    if found.result != "fail":
        why = f"DMARC is {found.result}: no record counts here, or it cannot be used."
    else:
        why = f"{found.tag}= of the record at {visible(found.policy_domain)[:80]} counts: {found.policy}"
        why += ", as wanted." if good else f", and {policy} is wanted."
    return author, good, why


def problem(text: str | None) -> tuple[bool, str]:
    """Whether a record can be used, and why not."""
    if text is None:
        return False, "there is nothing at _dmarc and this name."
    try:
        record = dmarc.parse(text)
    except RecordError as error:
        return False, f"{error.message}."
    if record.faults:
        tag, why = record.faults[0]
        return False, f"{visible(f'{tag.name}={tag.value}')[:60]}: {why}."
    return (True, "it is all right.") if record.sound else (False, "it says no policy, p=.")


def reports(text: str, wanted: str) -> tuple[bool, str]:
    """Whether reports would go to the address that is wanted."""
    try:
        found = [mailto(uri) for uri in dmarc.parse(text).rua]
    except RecordError:
        found = []
    good = wanted in found
    return (
        good,
        f"rua= names {wanted}." if good else "rua= has to name the address as mailto:somebody@domain.",
    )
