"""Our DKIM, dkimpy and mailauth on 2,000 messages: each signs some, and all verify all."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from smtplab.auth import dkim
from smtplab.auth.dkim.keys import PrivateKey
from tests.auth.dkim_generated import CHANGES, FORMS, Change, changed, message, names
from tests.auth.dkim_zone import zone
from tests.peers import mailauth_batch

OURS, DKIMPY, MAILAUTH = 1000, 400, 600
SIGNED = datetime.now(UTC)  # dkimpy's clock is the machine's
NOW = SIGNED + timedelta(hours=1)
DOMAIN = "acorn.example"
# RSA-1024 for most: dkimpy's RSA is Python, and what is compared is not how long the numbers are.
KEYS: dict[str, PrivateKey] = {
    "rsa": dkim.generate(bits=1024),
    "long": dkim.generate(),
    "ed25519": dkim.generate("ed25519"),
}
RECORDS = {f"{selector}._domainkey.{DOMAIN}": dkim.record(key) for selector, key in KEYS.items()}
WRONG = {
    f"{selector}._domainkey.{DOMAIN}": dkim.record(key)
    for selector, key in (
        ("rsa", KEYS["long"]),
        ("long", KEYS["rsa"]),
        ("ed25519", dkim.generate("ed25519")),
    )
}


@dataclass
class Case:
    """A message to verify, how it came to be, and what each verifier says."""

    content: bytes
    selector: str
    forms: tuple[str, str]
    how: Change
    ours: bool = False
    dkimpy: bool = False
    mailauth: bool = False


def pem(key: PrivateKey) -> str:
    kind = PrivateFormat.PKCS8 if key is KEYS["ed25519"] else PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, kind, NoEncryption()).decode()


def by_dkimpy(content: bytes, selector: str, forms: tuple[str, str], chosen: list[str]) -> bytes:
    key = KEYS[selector]
    secret = pem(key).encode()
    if selector == "ed25519":
        secret = b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return dkimpy.sign(
        content, selector.encode(), DOMAIN.encode(), secret,
        canonicalize=tuple(form.encode() for form in forms),
        include_headers=[name.encode() for name in chosen],
        signature_algorithm=b"ed25519-sha256" if selector == "ed25519" else b"rsa-sha256",
    )  # fmt: skip


def cases(node: str, npm: str) -> list[Case]:
    """All messages, signed and changed, with the three opinions."""
    random = Random(6376)
    plans = []
    for number in range(OURS + DKIMPY + MAILAUTH):
        content = message(random)
        selector = random.choice(("ed25519", "ed25519", "rsa", "rsa", "rsa"))
        selector = "long" if number % 50 == 0 else selector
        forms = (random.choice(FORMS), random.choice(FORMS))
        plans.append((content, selector, forms, names(random, content)))
    fields = [
        dkim.sign(c, domain=DOMAIN, selector=s, key=KEYS[s], headers=h, canonicalization=f, now=SIGNED)  # type: ignore[arg-type]
        for c, s, f, h in plans[:OURS]
    ]
    fields += [by_dkimpy(*plan) for plan in plans[OURS : OURS + DKIMPY]]
    secrets = {selector: pem(key) for selector, key in KEYS.items()}
    wanted = [
        {
            "message": c, "canonicalization": "/".join(f), "headerList": ":".join(h), "signingDomain": DOMAIN,
            "selector": s, "privateKey": secrets[s],
        }
        for c, s, f, h in plans[OURS + DKIMPY :]
    ]  # fmt: skip
    told = mailauth_batch.ask(node, npm, sign=wanted, keys={}, now=SIGNED.isoformat())
    fields += [field.encode() for field in told["sign"]]
    found = []
    for (content, selector, forms, _), field in zip(plans, fields, strict=True):
        how = random.choice(CHANGES)
        found.append(Case(changed(random, field + content, how), selector, forms, how))
    judge(found, node, npm)
    return found


def judge(cases: list[Case], node: str, npm: str) -> None:
    """The three opinions on each case. Those about a wrong key are asked for with the keys exchanged."""
    resolve, exchanged = zone(RECORDS), zone(WRONG)
    for case in cases:
        table = WRONG if case.how == "key" else RECORDS
        keys = {f"{name}.".encode(): text.encode() for name, text in table.items()}
        (verdict,) = dkim.verify(case.content, resolve=exchanged if table is WRONG else resolve, now=NOW)
        case.ours = verdict.result == "pass"
        try:
            case.dkimpy = dkimpy.verify(case.content, dnsfunc=lambda name, timeout=5, keys=keys: keys[name])
        except dkimpy.DKIMException:
            case.dkimpy = False
    for wrong, keys in ((False, RECORDS), (True, WRONG)):
        some = [case for case in cases if (case.how == "key") == wrong]
        told = mailauth_batch.ask(
            node, npm, verify=[case.content for case in some], keys=keys, now=NOW.isoformat()
        )
        for case, said in zip(some, told["verify"], strict=True):
            case.mailauth = [one["result"] for one in said] == ["pass"]


# Where they differ, by what the message has. Over SMTP neither comes about: a message there has no bare line
# feed (RFC 5321 §2.3.8) and ends in CR LF.
REASONS = {
    "a bare line feed is no line end to us, and both others mend it before they hash": rb"(?<!\r)\n",
    "RFC 6376 §3.4.4: white space at the end of the last line goes too, CR LF or not": rb"[ \t]\Z",
}


def reason(case: Case) -> str:
    """Why the three differ on a message, "" where it is not known."""
    return next((why for why, shape in REASONS.items() if re.search(shape, case.content)), "")


def test_the_three_agree(mailauth: tuple[str, str]) -> None:
    found = cases(*mailauth)
    different = [case for case in found if not case.ours == case.dkimpy == case.mailauth]
    unknown = [case for case in different if not reason(case)]
    assert not unknown, unknown[:3]
    assert {reason(case) for case in different} == set(REASONS) and len(different) < 100
    enough_of_each_kind(found)


def enough_of_each_kind(found: list[Case]) -> None:
    """That the messages are worth comparing: many pass, and what is changed fails where it must."""
    assert len(found) == 2000
    passed = Counter((case.how, case.ours) for case in found if not reason(case))
    assert passed["none", True] > 700 and not passed["none", False]
    for how in ("body", "footer", "from", "key"):
        assert passed[how, False] > 30 and not (how == "key" and passed[how, True]), how
    for how in ("end", "space", "case", "fold"):
        assert passed[how, True] > 20, how


@pytest.mark.parametrize(
    "content",
    [
        b"Subject : a space as RFC 5322 4.5 still has it\r\nFrom: a@acorn.example\r\n\r\nx\r\n",
        b"From: a@acorn.example\r\nno field here\r\n\r\nx\r\n",
    ],
)
def test_header_sections_that_dkimpy_gives_up_on(content: bytes) -> None:
    field = dkim.sign(content, domain=DOMAIN, selector="ed25519", key=KEYS["ed25519"])
    (verdict,) = dkim.verify(field + content, resolve=zone(RECORDS), now=NOW)
    assert verdict.result == "pass"
    with pytest.raises(dkimpy.MessageFormatError, match="Unexpected characters"):
        dkimpy.DKIM(field + content)


def test_h_that_names_dkim_signature(mailauth: tuple[str, str]) -> None:
    """RFC 6376 §3.5: h= never means the field that it stands in. The others take that one, and say fail."""
    content = b"From: a@acorn.example\r\n\r\nTea?\r\n"
    names = ["from", "dkim-signature"]
    field = dkim.sign(content, domain=DOMAIN, selector="ed25519", key=KEYS["ed25519"], headers=names)
    (verdict,) = dkim.verify(field + content, resolve=zone(RECORDS), now=NOW)
    keys = {f"{name}.".encode(): text.encode() for name, text in RECORDS.items()}
    told = mailauth_batch.ask(*mailauth, verify=[field + content], keys=RECORDS, now=NOW.isoformat())
    assert verdict.result == "pass"
    assert not dkimpy.verify(field + content, dnsfunc=lambda name, timeout=5: keys[name])
    assert told["verify"][0][0]["result"] == "fail"
