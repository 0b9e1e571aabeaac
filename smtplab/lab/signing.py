"""Signing with DKIM on the way out: an MTA that answers for what its own users hand in (RFC 6376 §5).

A provider signs with its own domain, for that is the key it has. With a customer's key it signs for the
customer's domain too, which is what makes the signature align with the customer's From (RFC 9989 §4.4).
"""

from __future__ import annotations

from ..auth import dkim
from ..auth.dkim.keys import PrivateKey
from ..mail.envelope import Envelope
from ..mail.errors import RecordError
from .dkim_keys import SELECTORS, lab_key
from .policy import Policy, is_own
from .server import SmtpServer


class Signer(Policy):
    """Puts a DKIM-Signature of `domain` on top of what the MTA's own users send.

    With `only_own` it signs only a message whose From is of `domain`; with `direct` only while the MTA
    delivers by itself, as those do who leave the signature to their smart host. Verifiers look for the public
    key at SELECTOR._domainkey.DOMAIN: `dkim.record(key)` is the TXT record to publish there.
    """

    def __init__(
        self,
        domain: str,
        selector: str,
        key: PrivateKey,
        *,
        only_own: bool = False,
        direct: bool = False,
    ) -> None:
        self.domain, self.selector, self.key = domain, selector, key
        self.only_own, self.direct = only_own, direct

    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        from ..mail.header import fields  # the readers of header fields load when one is needed
        from ..mail.header.ident import sending_domains

        if not is_own(session) or (self.only_own and self.domain not in sending_domains(fields(content))):
            return content
        if self.direct and session.mta.queue.smart_host:
            return content
        try:
            now = session.mta.world.clock.now()
            signature = dkim.sign(content, domain=self.domain, selector=self.selector, key=self.key, now=now)
        except RecordError:  # no From: RFC 6376 §5.4 gives such a message no signature
            return content
        return signature + content


def signers() -> dict[str, Signer]:
    """Who signs in a new lab, by host: Alice's provider for its own users, the relay as itself."""
    acorn, relay = "acorn.example", "relay.example"
    return {
        "mail.acorn.example": Signer(acorn, SELECTORS[acorn], lab_key(acorn), only_own=True, direct=True),
        "out.relay.example": Signer(relay, SELECTORS[relay], lab_key(relay)),
    }
