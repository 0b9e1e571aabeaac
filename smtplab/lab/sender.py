"""One connection of an MTA as a client, to one address, for one message or several.

It dials, reads the greeting, says EHLO, gets TLS as `outbound` decides, logs in at a smart host, and then
hands over message after message (`handover`). What breaks is told as an `Attempt`; nothing is raised.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import aiosmtplib

from ..mail.attempt import Attempt
from ..mail.envelope import Recipient
from ..mail.errors import LabError
from ..mail.route import Target
from ..mail.text import visible
from ..mail.transcript import Transcript
from .handover import Handover, reply_of
from .item import Item, SmartHost
from .outbound import SUBMISSIONS, Level, Outbound, TlsFailed
from .patience import Patience, after
from .world import World

# Replies to EHLO that say that the host does not know it: then HELO will do (RFC 5321 §3.2, §4.1.4).
_NO_EHLO = (500, 501, 502, 504, 550)
_REAL_SECONDS = 60.0  # for a program outside the lab that hangs: no clock but the real one knows


class Sender:
    """A connection from the host `name` to `target`. `alive` says that another message can follow.

    `in_clear` asks for another connection, without TLS. `on_park` and `on_wake` hear of silent servers.
    """

    on_park: Callable[[], None]
    on_wake: Callable[[], None]

    def __init__(
        self,
        world: World,
        name: str,
        target: Target,
        level: Level,
        smart_host: SmartHost | None,
        *,
        broken: bool = False,
    ) -> None:
        self.world = world
        self.name = name
        self.target = target
        self.smart_host = smart_host
        self.outbound = Outbound(target.name, level, world.authority.shared_context, broken=broken)
        self.alive = False
        self.connected = False
        self.in_clear = False
        self.taken = 0  # messages
        self.given = 0
        self._unclean = False
        self._dsn = False  # offered
        self._client: aiosmtplib.SMTP | None = None
        self._patience: Patience | None = None
        self._port = 0

    @property
    def transcript(self) -> Transcript | None:
        """The connection's transcript, None before there is a connection."""
        return self.world.transcript_of(self._port) if self._port else None

    async def give(self, item: Item, batch: list[Recipient]) -> list[Attempt] | None:
        """Hand `item` over for `batch`: an Attempt for each recipient.

        None when the connection had served for another message and was found dead: nothing was said of this
        one, so it may go over a new connection at once.
        """
        used = self.given > 0
        self.given += 1
        if self._client is None:
            try:
                await self._dial()
            except (OSError, LabError) as error:
                return self._tries(batch, None, note=str(error))
        assert self._client and self._patience
        handover = Handover(self._client, self._patience, item, batch, taken=self.taken)
        handover.unclean = self._unclean
        note = await self._run(handover)
        self.taken, self._unclean = handover.taken, handover.unclean
        if not self.alive:
            self.hang_up()
            if used and not handover.begun and not self._patience.note:
                return None
        return self._tries(batch, handover, note)

    async def _dial(self) -> None:
        port = self.smart_host.port if self.smart_host else 25
        sock = await self.world.network.dial_async(self.name, self.target.address, port)
        self._port = sock.getsockname()[1]
        self._patience = Patience(self.world, self._port, lambda: self.on_park(), lambda: self.on_wake())
        self._client = aiosmtplib.SMTP(
            hostname=self.target.name,
            sock=sock,
            local_hostname=self.name,
            start_tls=False,
            use_tls=port == SUBMISSIONS,
            tls_context=self.outbound.context,
            timeout=_REAL_SECONDS,
        )

    async def _run(self, handover: Handover) -> str:
        """Say it all. Returns what went wrong, "" when nothing did or a reply tells."""
        note, self.alive = "", False
        try:
            if not self.connected:
                await self._begin(handover.client, handover.patience)
            await handover.run()
            self.alive = True
        except TlsFailed as error:
            note, self.in_clear = str(error), error.in_clear
        except aiosmtplib.SMTPResponseException as error:
            if not 200 <= error.code < 600:  # aiosmtplib's -1: nobody can tell what was said
                return visible(error.message)
            for n in range(len(handover.batch)):  # who has an answer keeps it: what follows does not undo it
                handover.replies.setdefault(n, reply_of(error))
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError, OSError):
            note = handover.patience.note or f"the connection broke{after(handover.patience.verb)}"
        except aiosmtplib.SMTPException as error:
            note = visible(str(error))
        return note

    async def _begin(self, client: aiosmtplib.SMTP, patience: Patience) -> None:
        await self.outbound.connect(client, patience)
        self.connected = True
        try:
            await patience.reply("EHLO", client.ehlo())
        except aiosmtplib.SMTPHeloError as error:
            if error.code not in _NO_EHLO:
                raise
            await patience.reply("HELO", client.helo())
        await self.outbound.start(client, patience)
        if self.smart_host:
            await patience.reply("AUTH", client.login(self.smart_host.account, self.smart_host.password))
        self._dsn = client.supports_extension("DSN")

    def _tries(self, batch: list[Recipient], handover: Handover | None, note: str = "") -> list[Attempt]:
        now, transcript = self.world.clock.now(), self.transcript
        base = {"transcript": transcript, "tls": self.outbound.step, "address": self.target.address}
        if handover is None:
            return [Attempt(now, self.target.name, r, None, note, **base) for r in batch]  # type: ignore[arg-type]
        return [
            Attempt(
                now,
                self.target.name,
                recipient,
                handover.replies.get(n),
                note if n not in handover.replies else "",
                rule=handover.rules.get(n, ""),
                during="" if n in handover.rules else handover.verbs.get(n, handover.patience.verb),
                dsn=self._dsn,
                place=handover.places.get(n),
                **base,  # type: ignore[arg-type]
            )
            for n, recipient in enumerate(batch)
        ]

    def interrupted(self, batch: list[Recipient], note: str) -> list[Attempt]:
        """An Attempt for each recipient, when the handover was cut short from here."""
        verb = self._patience.verb if self._patience else ""
        place = self.taken if verb == "." else None
        return [replace(t, during=verb, place=place) for t in self._tries(batch, None, note)]

    async def quit(self) -> None:
        """Say goodbye, if anyone is there to hear it, and close."""
        if self.alive and self._client and self._patience:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self._patience.reply("QUIT", self._client.quit())
        self.hang_up()

    def hang_up(self) -> None:
        """Close without a word."""
        self.alive = False
        if self._client and self._patience:
            self._patience.end()
            self._client.close()
