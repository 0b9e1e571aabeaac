"""DKIM signatures made and verified a second, beside dkimpy and mailauth, and the memory for a long body.

Ours verifies with every step explained. The keys and the message are the same for all; no DNS is asked.
mailauth runs in Node.js, all messages in one process, and is left out where Node.js is missing.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dkim as dkimpy
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from smtplab.auth import dkim
from smtplab.auth.dkim.keys import PrivateKey
from smtplab.mail.route import Answer
from tests.peers import mailauth_batch

ROUNDS = 5
COUNT = 40
BATCH = 400
LONG = 25_000_000  # octets: what many servers take at most
DOMAIN, NAME = "acorn.example", "s1._domainkey.acorn.example"
HEADERS = ["from", "to", "subject", "date", "message-id"]
SIGNED = datetime.now(UTC)
NOW = SIGNED + timedelta(minutes=5)
MESSAGE = (
    b"From: Alice <alice@acorn.example>\r\nTo: bob@birch.example\r\nSubject: Tea or coffee?\r\n"
    b"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@acorn.example>\r\n\r\n"
) + b"Shall we have tea, or coffee, or both of them?\r\n" * 60
Row = tuple[str, str, str, str]


class Bench:
    """One kind of key, and what each program does with it."""

    def __init__(self, kind: str) -> None:
        self.ed25519 = kind == "ed25519"
        self.key: PrivateKey = dkim.generate("ed25519" if self.ed25519 else "rsa")
        self.record = dkim.record(self.key)
        self.secret = _secret(self.key, self.ed25519)
        self.message = self.sign() + MESSAGE
        assert self.verify() == "pass" and self.verify_dkimpy()

    def sign(self) -> bytes:
        return dkim.sign(MESSAGE, domain=DOMAIN, selector="s1", key=self.key, headers=HEADERS, now=SIGNED)

    def sign_dkimpy(self) -> bytes:
        algorithm = b"ed25519-sha256" if self.ed25519 else b"rsa-sha256"
        names = [name.encode() for name in HEADERS]
        both = (b"relaxed", b"relaxed")
        return dkimpy.sign(
            MESSAGE, b"s1", DOMAIN.encode(), self.secret, canonicalize=both, include_headers=names,
            signature_algorithm=algorithm,
        )  # fmt: skip

    def verify(self) -> str:
        return verified(self.message, self.record)[0].result

    def verify_dkimpy(self) -> bool:
        record = self.record.encode()
        return bool(dkimpy.verify(self.message, dnsfunc=lambda name, timeout=5: record))

    def mailauth(self) -> tuple[float, float] | None:
        """Signatures and verifications a second, or None where there is no Node.js."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            return None
        kind = PrivateFormat.PKCS8 if self.ed25519 else PrivateFormat.TraditionalOpenSSL
        pem = self.key.private_bytes(Encoding.PEM, kind, NoEncryption()).decode()
        task: dict[str, Any] = {
            "message": MESSAGE, "canonicalization": "relaxed/relaxed", "headerList": ":".join(HEADERS),
            "signingDomain": DOMAIN, "selector": "s1", "privateKey": pem,
        }  # fmt: skip
        try:
            told = mailauth_batch.ask(
                node, npm, sign=[task] * BATCH, verify=[self.message] * BATCH, keys={NAME: self.record},
                now=NOW.isoformat(),
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None
        assert all(one[0]["result"] == "pass" for one in told["verify"])
        return BATCH / told["seconds"]["sign"], BATCH / told["seconds"]["verify"]


def _secret(key: PrivateKey, ed25519: bool) -> bytes:
    """The private key as dkimpy wants it."""
    if ed25519:
        return b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def verified(message: bytes, record: str) -> list[dkim.DkimVerdict]:
    asking = dkim.evaluate(message, now=NOW)
    try:
        next(asking)
        asking.send(Answer("found", (record,)))
    except StopIteration as end:
        verdicts: list[dkim.DkimVerdict] = end.value
        return verdicts
    raise AssertionError("one signature is one question")


def rows() -> list[Row]:
    """RSA with 2048 bits and Ed25519; ours and dkimpy take turns, round by round. Then a long body."""
    found = []
    for kind, name in (("rsa", "RSA-2048"), ("ed25519", "Ed25519")):
        bench = Bench(kind)
        third = bench.mailauth()
        sign, sign_dkimpy = _rates(bench.sign, bench.sign_dkimpy)
        verify, verify_dkimpy = _rates(bench.verify, bench.verify_dkimpy)
        aims = ("; aim: 10", "; aim: faster") if kind == "rsa" else ("", "; aim: faster")
        for what, mine, other, number, aim in (
            (f"DKIM signatures a second, {name}", sign, sign_dkimpy, 0, aims[0]),
            (f"DKIM verifications a second, {name}, with every step", verify, verify_dkimpy, 1, aims[1]),
        ):
            peers = f"dkimpy {other:.0f}" + (f", mailauth {third[number]:.0f}" if third else "")
            found.append((what, f"{mine:.0f}", peers, f"{mine / other:.1f} times dkimpy{aim}"))
    return [*found, _memory()]


def _rates(*works: Callable[[], object]) -> list[float]:
    rounds = [[_a_second(work) for work in works] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def _a_second(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(COUNT):
        work()
    return COUNT / (time.perf_counter() - start)


def _memory() -> Row:
    """The most that a verification of a long message takes beside the message itself, ours and dkimpy's."""
    key = dkim.generate("ed25519")
    line = b"A line of tea, of coffee, and of both.\r\n"
    message = MESSAGE + line * (LONG // len(line))
    message = dkim.sign(message, domain=DOMAIN, selector="s1", key=key, now=SIGNED) + message
    record = dkim.record(key)
    mine = _peak(lambda: verified(message, record)[0].result == "pass")
    other = _peak(lambda: bool(dkimpy.verify(message, dnsfunc=lambda name, timeout=5: record.encode())))
    what = "memory to verify a message of 25 MB, beside the message"
    return (
        what,
        f"{mine / 1e6:.1f} MB",
        f"dkimpy {other / 1e6:.0f} MB",
        f"{other / mine:.0f} times less than dkimpy",
    )


def _peak(work: Callable[[], bool]) -> int:
    tracemalloc.start()
    assert work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
