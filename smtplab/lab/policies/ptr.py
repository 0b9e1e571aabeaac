"""Reverse DNS: a client's address must have a name, and the name must lead back to it (RFC 7372 §3.3).

Whoever runs a mail server can have a PTR record made by the provider of the address; a home connection has
none, or one of the provider's. So its absence says little about a message, and many receivers ask for it.

The name says nothing about the domain in the message, and EHLO may give another (RFC 5321 §4.1.4).
"""

from __future__ import annotations

from ipaddress import ip_address

import dns.exception
import dns.reversename

from ...mail.envelope import Recipient
from ...mail.reply import Reply
from ...mail.verdict import Step
from .. import dialects
from ..policy import Policy, is_own, refuse
from ..server import SmtpServer
from ..world import World

_NO_NAME = "Client host rejected: cannot find your reverse hostname, [{client}]"
_NOT_BACK = "Client host rejected: cannot find your hostname, [{client}]"
_GMAIL = "The sending address [{client}] has no PTR record, or its name does not lead back to it"

NO_NAME = {
    "standard": Reply(450, "4.7.25", ("The address [{client}] has no name in the DNS",)),
    "postfix": Reply(450, "4.7.1", (_NO_NAME,)),
    "gmail": Reply(451, "4.7.23", (_GMAIL,)),
}
NOT_BACK = {
    "standard": Reply(450, "4.7.25", ("The name of [{client}] does not lead back to it",)),
    "postfix": Reply(450, "4.7.25", (_NOT_BACK,)),
    "gmail": Reply(451, "4.7.23", (_GMAIL,)),
}
FOR_GOOD = {
    "standard": Reply(550, "5.7.25", ("The address [{client}] has no name that leads back to it",)),
    "gmail": Reply(550, "5.7.25", (_GMAIL,)),
}
NO_ANSWER = {"standard": Reply(451, "4.4.3", ("The DNS did not answer for [{client}]: try again later",))}
REF = "RFC 7372 §3.3"
MOST_NAMES = 10  # of one address: each costs two queries, and whoever has the zone chooses how many there are


class RequirePtr(Policy):
    """Refuse recipients to a client whose address has no name, or none that leads back to it.

    With `permanent` it refuses for good, and otherwise for now. What the DNS does not answer is not held
    against the client for good in either case.
    """

    def __init__(self, *, permanent: bool = False, dialect: str = "standard") -> None:
        self.permanent, self.dialect = permanent, dialects.known(dialect)

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        if is_own(session):
            return None
        client = session.wire.transcript.client.address
        replies, steps = await self._judge(session.mta.world, client, session.mta.name)
        what = f"the name of [{client}]"
        if replies is None:
            session.why = Step(
                what, "the address has a name, and the name has the address", "accepted", REF, steps
            )
            return None
        if self.permanent and replies is not NO_ANSWER:
            replies = FOR_GOOD
        reply = dialects.say(replies, self.dialect, client=client)
        return refuse(session, reply, what, steps[-1].why, REF, steps)

    async def _judge(
        self, world: World, client: str, asker: str
    ) -> tuple[dialects.Replies | None, tuple[Step, ...]]:
        """The replies to choose from, None when all is right, and a step for each question to the DNS."""
        pointer = dns.reversename.from_address(client).to_text()
        rdtype = "A" if ip_address(client).version == 4 else "AAAA"
        steps: list[Step] = []
        try:
            names = [record.to_text() for record in await world.lookup(pointer, "PTR", asker)][:MOST_NAMES]
            said = ", ".join(names) or "no name"
            steps.append(Step(f"{pointer} PTR", said, "pass" if names else "fail", "RFC 1035 §3.3.12"))
            for name in names:
                found = [record.to_text() for record in await world.lookup(name, rdtype, asker)]
                back = any(ip_address(one) == ip_address(client) for one in found)
                said = ", ".join(found) or "no address"
                steps.append(Step(f"{name} {rdtype}", said, "pass" if back else "fail", REF))
                if back:
                    return None, tuple(steps)
        except dns.exception.DNSException as error:
            steps.append(Step("the DNS", f"no answer: {error}", "temperror", "RFC 3463 §3.5"))
            return NO_ANSWER, tuple(steps)
        return NOT_BACK if names else NO_NAME, tuple(steps)
