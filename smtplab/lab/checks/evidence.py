"""The three checks of one message, driven on the lab's loop; each verdict can be asked again, blocking.

What is asked and what it means is `auth`'s part. The modules of it load with the first message that is
checked: a lab starts without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...mail.envelope import Envelope
from ...mail.verdict import Step
from .asking import Ask, drive
from .judgement import MOST_KEPT

if TYPE_CHECKING:
    from ...auth.dkim import DkimVerdict
    from ...auth.dmarc import DmarcVerdict
    from ...auth.spf import SpfVerdict
    from ..mta import Mta
    from ..server import SmtpServer


async def spf(session: SmtpServer, envelope: Envelope, ask: Ask) -> SpfVerdict:
    """May the client use the domain of the reverse-path, or for the null one that of its HELO?"""
    from ...auth.spf import check_host, evaluate
    from ...auth.what_if import asked

    world, path = session.mta.world, envelope.reverse_path
    given: dict[str, Any] = {
        "ip": session.wire.transcript.client.address,
        "domain": "",
        "sender": "" if path.is_null else path.address,
        "helo": session.helo,
        "receiver": session.mta.name,
        "now": int(world.clock.now().timestamp()),
    }
    verdict = await drive(evaluate(**given), ask)
    return asked(verdict, check_host, {**given, "resolve": world.dns.resolve})


async def dkim(mta: Mta, content: bytes, ask: Ask) -> tuple[DkimVerdict, ...]:
    """Whose signatures hold? One verdict each, the uppermost first.

    Those on a message of more than `MOST_KEPT` octets cannot be asked again: it is not kept for that.
    """
    from ...auth.dkim import evaluate

    now = mta.world.clock.now()
    verdicts = await drive(evaluate(content, now=now), ask)
    if len(content) > MOST_KEPT:
        return tuple(verdicts)
    given = {"message": content, "resolve": mta.world.dns.resolve, "now": now}
    return tuple(_signature(number, verdict, given) for number, verdict in enumerate(verdicts))


async def dmarc(
    mta: Mta, content: bytes, path: SpfVerdict | None, signatures: tuple[DkimVerdict, ...], ask: Ask
) -> DmarcVerdict:
    """Is the domain in From the one that passed?"""
    from ...auth.dmarc import evaluate, verify
    from ...auth.dmarc.check import FROM
    from ...auth.what_if import asked
    from ...mail.header import fields
    from ...mail.header.ident import author_domains

    authors = author_domains(fields(content))
    verdict = await drive(evaluate(authors, spf=path, dkim=signatures), ask)
    given = {FROM: authors, "spf": path, "dkim": signatures, "resolve": mta.world.dns.resolve}
    return asked(verdict, verify, given)


def _signature(number: int, verdict: DkimVerdict, given: dict[str, Any]) -> DkimVerdict:
    """`verdict`, which can be asked again: about the signature that is then in its place."""
    from ...auth.dkim import DkimVerdict, verify
    from ...auth.what_if import asked

    def again(**changed: Any) -> DkimVerdict:
        found = verify(**changed)
        if number < len(found):
            return found[number]
        step = Step("DKIM-Signature", "the message has none here any more", "none", "RFC 6376 §6.1")
        return DkimVerdict("none", "DKIM", "is there a signature?", (step,))

    return asked(verdict, again, given)
