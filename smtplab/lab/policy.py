"""Policies: what a receiver asks of a client and its mail beyond the protocol. A lesson switches them on.

An MTA asks its checks (`checks`) and then each of its policies in turn; the first reply refuses. What a
policy lets pass, the next one may still refuse. Each says why, in `session.why`, and the MTA keeps that with
its decision (`decisions`).

The policies that the lab has are in `policies`, and the blocklist's in `blocklist`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..mail.envelope import Envelope, Recipient
from ..mail.reply import Reply
from ..mail.verdict import Step
from .decisions import Decision

if TYPE_CHECKING:
    from .server import SmtpServer

Hook = Literal["on_connect", "on_mail", "on_rcpt", "on_message"]
VERBS: dict[Hook, str] = {"on_connect": "", "on_mail": "MAIL", "on_rcpt": "RCPT", "on_message": "."}


class Policy:
    """Lets everything pass. A policy overrides what it cares about; None means: no objection.

    A hook runs on the lab's loop, between a client's command and its reply: it may await, but it must not
    block. It says why in `session.why`, a Step; of a refusal without one, the reply's text is kept.
    """

    async def on_connect(self, session: SmtpServer) -> Reply | None:
        """The reply in place of the greeting (RFC 5321 §3.1): 554, or 421 and the connection ends.

        After any but 421 and 521 the session stays open, and everything but QUIT is answered with 503.
        """

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        """The reply that refuses MAIL."""

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        """The reply that refuses a recipient. `session.transaction` has what MAIL said."""

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        """The reply that refuses the message, after its end."""

    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        """The message with what the policy adds to it: header fields, on top of those that came.

        Asked when no policy refuses. The MTA's own Received field goes above (RFC 5321 §4.4), and above that
        what it has checked.
        """
        return content


async def ask(session: SmtpServer, hook: Hook, about: str, *arguments: Any) -> Reply | None:
    """The reply of the first policy that refuses, None when none does. What each decided is kept.

    `about` is the path that the command names, "" for none.
    """
    for policy in (session.mta.checks, *session.mta.policies):
        session.why = None
        reply: Reply | None = await getattr(policy, hook)(session, *arguments)
        if reply or session.why:
            decide(session, type(policy).__name__, VERBS[hook], about, reply, session.why)
        if reply:
            return reply
    return None


def decide(
    session: SmtpServer, by: str, verb: str, about: str, reply: Reply | None, why: Step | None
) -> None:
    """Keep a decision with its reason. A refusal that gave none has the reply's text for it."""
    if why is None and reply:
        why = Step(by, reply.text, "delayed" if reply.is_transient else "refused")
    if why:
        transcript = session.wire.transcript
        when = session.mta.world.clock.now()
        session.mta.decisions.add(Decision(when, by, verb, about, reply, why, transcript))


def decline(session: SmtpServer, verb: str, about: str, reply: Reply, why: str, ref: str) -> Reply:
    """Keep what the MTA itself refuses, without a policy, and return its reply."""
    result = "delayed" if reply.is_transient else "refused"
    decide(session, "Mta", verb, about, reply, Step(about or "the message", why, result, ref))
    return reply


def refuse(
    session: SmtpServer, reply: Reply, what: str, why: str, ref: str, steps: tuple[Step, ...] = ()
) -> Reply:
    """Give `session` the reason of a refusal, and return its reply."""
    session.why = Step(what, why, "delayed" if reply.is_transient else "refused", ref, steps)
    return reply


def is_own(session: SmtpServer) -> bool:
    """Whether the client is one of the host's own: logged in, on a submission port, or from its networks.

    What a receiver asks of strangers it does not ask of them.
    """
    who = session.mta.relay.who(session.wire.transcript.client.address, session.account)
    return session.service.submission or who != "outsider"
