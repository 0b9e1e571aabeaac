"""When an MTA tells the sender what became of a message, and when it keeps quiet (RFC 3461 §5.2).

The queue and local delivery say what is settled; this decides who is told, writes one DSN for each message
and round, and notes down what it did not send, with the reason. A DSN goes from the null reverse-path to the
message's reverse-path, by the same ways as any other message.

There is never a DSN about a message from the null reverse-path, so never one about a DSN (RFC 5321 §6.1). The
lab drops such a double bounce and notes that; it tells no postmaster, as some MTAs do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..mail.attempt import Attempt, Outcome
from ..mail.envelope import Envelope, MailParameters, Recipient
from ..mail.history import Notice
from ..mail.path import Path
from .order import turn

if TYPE_CHECKING:
    from ..mail.dsn import Action, Fate
    from .mta import Mta
    from .queue import Item

OWN = "x-smtplab"  # the diagnostic-type of what this MTA found out without any server's word


@dataclass(frozen=True, slots=True)
class Rule:
    """When a DSN with this action is sent: the word that NOTIFY needs, whether it is also sent without any
    NOTIFY, and the section."""

    word: str
    by_default: bool
    ref: str


RULES: dict[Action, Rule] = {
    "failed": Rule("FAILURE", True, "RFC 3461 §5.2.6"),
    "delayed": Rule("DELAY", True, "RFC 3461 §5.2.5"),
    "delivered": Rule("SUCCESS", False, "RFC 3461 §5.2.3"),
    "relayed": Rule("SUCCESS", False, "RFC 3461 §5.2.2"),
    "expanded": Rule("SUCCESS", False, "RFC 3461 §5.2.7.3"),
}


def why_not(reverse_path: Path, notify: tuple[str, ...], action: Action, told: bool) -> tuple[str, str]:
    """The reason for no DSN, with its section; ("", "") when there is to be one.

    `told` says that the next host offers DSN and was told what the sender asked for, so that it reports.
    """
    rule = RULES[action]
    wanted = rule.word in notify if notify else rule.by_default
    if reverse_path.is_null and (wanted or rule.by_default):
        return "the reverse-path is null: this is a DSN itself, or wants none", "RFC 5321 §6.1"
    if not wanted:
        asked = f"NOTIFY={','.join(notify)}" if notify else "no NOTIFY"
        return f"{asked} does not ask for it", rule.ref
    if action == "relayed" and told:
        return "the next host offers DSN, so it reports", "RFC 3461 §5.2.1"
    return "", ""


class Bounces:
    """What one MTA tells senders. It is the `reporter` of its queue."""

    def __init__(self, mta: Mta) -> None:
        self.mta = mta
        self._random = mta.world.random(f"{mta.name} notices")

    def settled(self, item: Item, recipients: list[Recipient]) -> None:
        """These recipients' outcomes are final."""
        self._report(item, [(recipient, item.outcomes[recipient.path.address]) for recipient in recipients])

    def late(self, item: Item, recipients: list[Recipient]) -> None:
        """The time to warn has come, and these are still waited for."""
        self._report(item, [(recipient, "delayed") for recipient in recipients])

    def _report(self, item: Item, news: list[tuple[Recipient, Outcome]]) -> None:
        tell: list[tuple[Recipient, Action]] = []
        for recipient, outcome in news:
            action = next((known for known in RULES if known == outcome), None)
            if action is None:  # "dropped": it has been there before, and was told of then
                continue
            attempt = last_attempt(item, recipient)
            told = bool(attempt and attempt.dsn)
            reason, ref = why_not(item.envelope.reverse_path, recipient.notify, action, told)
            if not reason:
                tell.append((recipient, action))
            elif RULES[action].by_default or "SUCCESS" in recipient.notify:
                self._note(item, action, [recipient], reason, ref)
        if tell:
            self._send(item, tell)

    def _note(
        self, item: Item, action: Outcome, recipients: list[Recipient], reason: str = "", ref: str = ""
    ) -> None:
        addresses = tuple(recipient.path.address for recipient in recipients)
        to = item.envelope.reverse_path.address
        item.notices.append(Notice(self.mta.world.clock.now(), action, addresses, to, reason, ref, turn()))

    def _send(self, item: Item, tell: list[tuple[Recipient, Action]]) -> None:
        from ..mail.dsn import Report, build  # most mail arrives: not for starting a lab

        envelope = item.envelope
        report = Report(
            self.mta.name,
            tuple(_fate(item, recipient, action) for recipient, action in tell),
            envelope.parameters.envid,
            item.accepted,
            item.transcript.client.host if item.transcript else "",
        )
        utf8 = envelope.parameters.smtputf8 and _goes_beyond_ascii(item, [recipient for recipient, _ in tell])
        content = build(
            report,
            item.content,
            to=envelope.reverse_path,
            when=self.mta.world.clock.now(),
            token=f"{self._random.getrandbits(40):010X}",
            ret=envelope.parameters.ret,
            utf8=utf8,
        )
        for action in dict.fromkeys(action for _, action in tell):
            self._note(item, action, [recipient for recipient, its in tell if its == action])
        item.offspring.append(self.mta.originate(dsn_envelope(envelope.reverse_path, content, utf8), content))


def dsn_envelope(to: Path, content: bytes, utf8: bool) -> Envelope:
    """The envelope of a message that answers another: from the null reverse-path, and NOTIFY=NEVER
    (RFC 3461 §6.1, RFC 3834 §3.3)."""
    body = "" if content.isascii() else "8BITMIME"
    parameters = MailParameters(body=body, smtputf8=utf8 or to.needs_utf8)
    return Envelope(Path(), (to,), parameters, (Recipient(to, ("NEVER",)),))


def last_attempt(item: Item, recipient: Recipient) -> Attempt | None:
    """The newest try for a recipient, None when there was none: a local delivery, or an alias."""
    address = recipient.path.address
    return next((a for a in reversed(item.attempts) if a.recipient.path.address == address), None)


def _fate(item: Item, recipient: Recipient, action: Action) -> Fate:
    from ..mail.dsn import Fate

    address = recipient.path.address
    attempt = last_attempt(item, recipient)
    if attempt is None:
        return Fate(address, action, "2.0.0", recipient.orcpt)
    own = bool(attempt.rule) or attempt.reply is None
    remote = attempt.host if not attempt.rule and (attempt.transcript or attempt.address) else ""
    said = " ".join(str(attempt.reply).splitlines()) if attempt.reply else attempt.note
    return Fate(
        address,
        action,
        attempt.status,
        recipient.orcpt,
        remote,
        said,
        OWN if own else "smtp",
        attempt.when,
        item.give_up_at if action == "delayed" else None,
    )


def _goes_beyond_ascii(item: Item, recipients: list[Recipient]) -> bool:
    """Whether a DSN about it gains by SMTPUTF8. Without need it stays one that every program reads."""
    from ..mail.header.field import split

    envelope = item.envelope
    paths = (envelope.reverse_path, *(recipient.path for recipient in recipients))
    return any(path.needs_utf8 for path in paths) or not split(item.content)[0].isascii()
