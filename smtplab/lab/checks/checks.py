"""Checks: what a receiver asks about mail from outside (RFC 7208, RFC 8601), and its own answer to that.

Each MTA has one, `mta.checks`, and asks it before its policies. The switches say how far it goes: "off",
"mark" (the message says what was found) or more. A receiver is free in this: the standards say what the
results mean, and what to do about them is local policy (RFC 7208 §8).

The host's own clients are not asked: those that logged in, and those of its networks.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ...mail.envelope import Envelope
from ...mail.errors import LabError
from ...mail.reply import Reply
from ...mail.route import Answer, Question
from ...mail.verdict import Verdict
from ..policy import Policy, is_own, refuse
from . import evidence
from .asking import Ask, ask
from .cache import Cache
from .judgement import MOST_KEPT, Disposition, Judgement
from .marking import on_top, without_own

if TYPE_CHECKING:
    from ...auth.dkim import DkimVerdict
    from ...auth.dmarc import DmarcVerdict
    from ...auth.spf import SpfVerdict
    from ..mta import Mta
    from ..server import SmtpServer


class Switch:
    """An attribute that takes these words and no others. Raises LabError for another."""

    def __init__(self, default: str, *words: str) -> None:
        self.default, self.words = default, words

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> str:
        return str(vars(owner).get(self.name, self.default)) if owner is not None else self.default

    def __set__(self, owner: Any, word: str) -> None:
        if word not in self.words:
            raise LabError(f"checks.{self.name} is one of: {', '.join(self.words)}, not {word!r}.")
        vars(owner)[self.name] = word


@dataclass(slots=True)
class Open:
    """What is known of the message that a session is about to bring, or has just brought."""

    spf: SpfVerdict | None = None
    dkim: tuple[DkimVerdict, ...] = ()
    dmarc: DmarcVerdict | None = None
    decided: Verdict | None = None
    judgement: Judgement | None = None


class Checks(Policy):
    """The checks of one MTA.

    `spf`: "refuse" answers MAIL with 550 5.7.23 for a fail, and 550 or 451 with X.7.24 for an error in the
    domain's DNS (RFC 7372 §3.2); a softfail is only marked (RFC 7208 §8.5). `dkim` is never a reason to
    refuse: a signature that fails counts as none (RFC 6376 §6.3).

    `dmarc` says what becomes of mail that fails where the owner of From asks for more than p=none: "junk" is
    the mailbox's junk folder, also for p=reject alone (RFC 9989 §7.4), "reject" refuses it in the `words` of
    a provider, "discard" takes it and throws it away. It goes by what SPF and DKIM found: a check that is off
    counts for nothing.

    `caching`: keep what the DNS says for as long as its TTL allows, by the lab's clock; otherwise an edited
    record counts at once.
    """

    spf = Switch("mark", "off", "mark", "refuse")
    dkim = Switch("mark", "off", "mark")
    dmarc = Switch("junk", "off", "mark", "junk", "reject", "discard")
    words = Switch("postfix", "postfix", "gmail", "microsoft")

    def __init__(self) -> None:
        self.cache: Cache | None = None
        self._wants_cache = False
        self._open: weakref.WeakKeyDictionary[SmtpServer, Open] = weakref.WeakKeyDictionary()

    @property
    def on(self) -> bool:
        """Whether anything is checked."""
        return not self.spf == self.dkim == self.dmarc == "off"

    def off(self) -> None:
        """Check nothing, and leave what comes as it is."""
        self.spf = self.dkim = self.dmarc = "off"

    @property
    def caching(self) -> bool:
        """Whether answers of the DNS are kept for their TTL. Switching it off forgets them."""
        return self._wants_cache

    @caching.setter
    def caching(self, wanted: bool) -> None:
        self._wants_cache, self.cache = wanted, None

    # what the MTA asks --------------------------------------------------------------------------

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        """SPF; where the switch says "refuse", its reply to what does not pass."""
        self._open.pop(session, None)
        if self.spf == "off" or is_own(session):
            return None
        verdict = await evidence.spf(session, envelope, self._asks(session.mta))
        self._open[session] = Open(verdict)
        reply = _refusal(verdict) if self.spf == "refuse" else None
        if reply is None:
            return None
        judgement = self._judge(session, envelope, "reject")
        session.mta.checked.append(judgement)
        step = judgement.step
        return refuse(session, reply, step.what, step.why, "RFC 7208 §8.4", step.steps)

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        """Judge the message as a whole, and take note of that."""
        if not self.on or is_own(session):
            return None
        known = self._open.setdefault(session, Open())
        if self.dkim != "off":
            known.dkim = await evidence.dkim(session.mta, content, self._asks(session.mta))
        disposition: Disposition = "none"
        if self.dmarc != "off":
            known.dmarc = await evidence.dmarc(
                session.mta, content, known.spf, known.dkim, self._asks(session.mta)
            )
            known.decided = decided = _disposition(known.dmarc, self.dmarc)
            disposition = cast("Disposition", decided.result)
        _, removed = without_own(content, _names(session.mta))
        kept = content if len(content) <= MOST_KEPT else b""
        known.judgement = judgement = self._judge(session, envelope, disposition, removed, kept)
        if known.dmarc is None or disposition != "reject":
            session.why = judgement.step
            return None
        session.mta.checked.append(judgement)
        reply = _rejection(known.dmarc, self.words)
        step = judgement.step
        return refuse(session, reply, step.what, step.why, "RFC 9989 §7.2", step.steps)

    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        """The message without Authentication-Results that claim to be this host's."""
        if session not in self._open:
            return content
        return without_own(content, _names(session.mta))[0]

    def accepted(self, session: SmtpServer) -> Judgement | None:
        """The judgement on the message that the MTA is about to take, None for one that was not checked."""
        known = self._open.pop(session, None)
        if known is None or known.judgement is None:
            return None
        session.mta.checked.append(known.judgement)
        return known.judgement

    def fields(self, judgement: Judgement) -> bytes:
        """What goes on top of the message, above the MTA's own Received field (RFC 7208 §9.1)."""
        return on_top(judgement, judgement.transcript.server.host, dkim=self.dkim != "off")

    def _asks(self, mta: Mta) -> Ask:
        """What answers the questions of a check: the cache, or the DNS each time."""
        server = mta.world.dns

        async def fetch(question: Question) -> tuple[Answer, int]:
            return await ask(server, question, mta.name)

        async def plainly(question: Question) -> Answer:
            return (await fetch(question))[0]

        if not self._wants_cache:
            return plainly
        cache = self.cache  # another thread may switch caching off meanwhile
        if cache is None:
            cache = self.cache = Cache(mta.world.clock.now, fetch)
        return cache.ask

    def _judge(
        self,
        session: SmtpServer,
        envelope: Envelope,
        disposition: Disposition,
        removed: tuple[str, ...] = (),
        content: bytes = b"",
    ) -> Judgement:
        known = self._open.get(session, Open())
        return Judgement(
            envelope,
            session.wire.transcript.client.address,
            session.helo,
            known.spf,
            known.dkim,
            known.dmarc,
            disposition,
            session.mta.world.clock.now(),
            session.wire.transcript,
            removed,
            known.decided,
            content,
        )


def _disposition(verdict: DmarcVerdict, rule: str) -> Verdict:
    from ...auth.dmarc import Receiver, disposition

    return disposition(verdict, cast("Receiver", rule))


def _rejection(verdict: DmarcVerdict, words: str) -> Reply:
    from ...auth.dmarc import refusal

    reply = refusal(verdict, words)
    assert reply  # there is one for what is rejected
    return reply


def _names(mta: Mta) -> tuple[str, ...]:
    """What the host's own Authentication-Results are called: itself, and all of its domains."""
    return (mta.name, *mta.store.domains)


def _refusal(verdict: SpfVerdict) -> Reply | None:
    from ...auth.spf import refusal

    return refusal(verdict)
