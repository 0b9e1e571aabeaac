"""The three checks of one message, driven on the lab's loop; each verdict can be asked again, blocking.

What is asked and what it means is `auth`'s part. The modules of it load with the first message that is
checked: a lab starts without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...mail.envelope import Envelope
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
    from ...auth.dkim.check import askable

    now = mta.world.clock.now()
    verdicts = await drive(evaluate(content, now=now), ask)
    if len(content) > MOST_KEPT:
        return tuple(verdicts)
    return tuple(askable(verdicts, content, resolve=mta.world.dns.resolve, now=now))


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
