"""DKIM as a notebook has it: a signed message on a workbench."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..lab.dkim_keys import SELECTORS, lab_key
from ..lab.mailbox import Mail
from ..mail.text import encode
from .base import Base

if TYPE_CHECKING:
    from ..show.dkim_bench import Bench, Signer
    from ..show.dkim_workbench import DkimWorkbench

DOMAIN = "acorn.example"
ED25519 = "e1"  # the selector of the workbench's Ed25519 key

# It has what canonicalization is about: folds, two spaces, a tab, spaces and empty lines at ends.
_MESSAGE = """\
Received: from alice.home.example (alice.home.example [203.0.113.77])
\tby mail.acorn.example with ESMTPSA id 9Q2X; Mon, 2 Mar 2026 09:00:00 +0000
From: Alice <alice@acorn.example>
To: Bob <bob@birch.example>,
  Erin <erin@birch.example>
Subject: Lunch  on Friday
Date: Mon, 2 Mar 2026 09:00:00 +0000
Message-ID: <lunch.1@acorn.example>
X-Mailer: Acorn Mail 4

Hello Bob,

lunch is at one,\tat the  usual place.\x20\x20
Bring the figures of last week.

Alice

"""


class Dkim(Base):
    """A lab with the DKIM workbench."""

    def dkim_workbench(self, message: Mail | bytes | str | None = None) -> DkimWorkbench:
        """What is signed, what is hashed, and what breaks when one octet changes: a message to take apart.

        `message` comes from a mailbox, as octets or as text; by default it is one of Alice's, signed with the
        key of acorn.example. The workbench signs with that key or with an Ed25519 key, which is published for
        it at e1._domainkey.acorn.example. Nothing is sent.
        """
        from ..auth import dkim
        from ..show.dkim_workbench import DkimWorkbench

        signers = self._dkim_signers()
        made = DkimWorkbench(
            _octets(message),
            resolve=self.resolve,
            now=self.clock.now,
            signers=signers,
            other=dkim.record(lab_key(DOMAIN, 2)),
            code=self._dkim_code,
        )
        if message is None:
            made.sign()
            made.bench.before.clear()  # there was no message before
            made.back()
        return made

    def _dkim_signers(self) -> Mapping[str, Signer]:
        """The keys to sign with, by kind; the one that the lab's hosts do not use is published here."""
        from ..auth import dkim
        from ..show.dkim_bench import Signer

        edwards = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"smtplab " + DOMAIN.encode()).digest())
        self.dns.zone(DOMAIN).set(f"{ED25519}._domainkey", "TXT", dkim.record(edwards))
        return {
            "rsa": Signer(DOMAIN, SELECTORS[DOMAIN], lab_key(DOMAIN)),
            "ed25519": Signer(DOMAIN, ED25519, edwards),
        }

    def _dkim_code(self, bench: Bench) -> Mapping[str, str]:
        from ..show.dkim_code import Real, snippets

        return snippets(Real(self.dns.address), bench)


def _octets(message: Mail | bytes | str | None) -> bytes:
    if isinstance(message, Mail):
        return message.raw
    if isinstance(message, bytes):
        return message
    return encode(_MESSAGE if message is None else message)
