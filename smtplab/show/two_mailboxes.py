"""Two mailboxes: the same wishes by POP3 and by IMAP, and what each client and the server have afterwards.

The learner steps through a script, or gives commands one at a time: a laptop and a phone read one mailbox by
POP3 (RFC 1939), and another with the same letters by IMAP (RFC 9051). After each step stands who has which
letter, and in which state.

What opens sessions is handed in; this module opens none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from markupsafe import Markup

from ..mail.errors import LabError
from ..mail.holdings import CLIENTS, Moment, Protocol, Said, Who
from ..mail.holdings_script import ACTS, COMMANDS, Act, Order
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .two_mailboxes_parts import MAILBOX_CSS, bar, board, still, told

Do = Callable[[Protocol, Sequence[Order]], Moment]
Now = Callable[[Protocol], Moment]
Code = Callable[[], Mapping[str, str]]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
NUMBERS = range(1, 5)  # letters that a button can name


class TwoMailboxes(Scripted):
    """A script to step through, and commands to give. `step`, `restart` and `say` do what the controls do.

    `do(protocol, orders)` carries out orders, each a client and what it says, and gives the `Moment` after
    them; `now(protocol)` gives the one that is, `again` puts everything back to the start. `moments` are the
    last ones by protocol, and `turn` is how many acts of the script were done.
    """

    _esm = SCRIPT + script_file("two_mailboxes.js")
    _css = STYLE + MAILBOX_CSS

    def __init__(
        self,
        do: Do,
        now: Now,
        again: Callable[[], object],
        *,
        acts: Sequence[Act] = ACTS,
        code: Code | None = None,
    ) -> None:
        self._do, self._now, self._again, self._code = do, now, again, code
        self.acts = tuple(acts)
        self.turn = 0
        self.clients: dict[Protocol, Who] = dict.fromkeys(PROTOCOLS, "laptop")
        self.numbers: dict[Protocol, int] = dict.fromkeys(PROTOCOLS, 1)
        self._acted: Act | None = None
        self.moments = {protocol: now(protocol) for protocol in PROTOCOLS}
        self._before = dict(self.moments)
        super().__init__("smtplab-two-mailboxes")
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def step(self) -> tuple[Moment, ...]:
        """Do the next act of the script, by POP3 and by IMAP. Raises LabError after the last one.

        An order that cannot be given, because somebody has said something else in between, is left out.
        """
        self._step()
        self._settle()
        return tuple(self.moments.values())

    def restart(self) -> None:
        """Everything as at the start."""
        self._restart()
        self._settle()

    def say(self, protocol: Protocol, who: Who, command: str) -> Moment:
        """Give one command: `say("imap", "phone", "NOOP")`; an IMAP tag is put in front of it.

        Raises LabError when that client has no session.
        """
        self._say(protocol, who, command)
        self._settle()
        return self.moments[protocol]

    # How --------------------------------------------------------------------------------------------

    def _step(self) -> None:
        if self.turn >= len(self.acts):
            raise LabError("The script is at its end. Give commands yourself, or start again.")
        self._acted = self.acts[self.turn]
        for protocol in PROTOCOLS:
            self._took(protocol, self._carried_out(protocol, self._acted.part(protocol).orders))
        self.turn += 1

    def _carried_out(self, protocol: Protocol, orders: Sequence[Order]) -> Moment:
        said: list[Said] = []
        for who, order in orders:
            try:
                said.extend(self._do(protocol, [(who, order)]).said)
            except LabError as error:
                said.append(Said(who, "", note=f"left out: {error}"))
        return replace(self._now(protocol), said=tuple(said))

    def _took(self, protocol: Protocol, moment: Moment) -> None:
        self._before[protocol], self.moments[protocol] = self.moments[protocol], moment

    def _restart(self) -> None:
        self._again()
        self.turn, self._acted = 0, None
        self.moments = {protocol: self._now(protocol) for protocol in PROTOCOLS}
        self._before = dict(self.moments)

    def _say(self, protocol: Protocol, who: Who, command: str) -> None:
        if protocol not in PROTOCOLS or who not in CLIENTS:
            raise LabError(f"Say who speaks what: {', '.join(PROTOCOLS)}; {', '.join(CLIENTS)}.")
        try:
            moment = self._do(protocol, [(who, command)])
        finally:
            self._acted = None
            self._before[protocol] = self.moments[protocol]
            self.moments[protocol] = self._now(protocol)
        self.moments[protocol] = moment
        for other in PROTOCOLS:
            if other != protocol:
                self._before[other] = self.moments[other] = replace(self.moments[other], said=())

    def _press(self, protocol: Protocol, place: int) -> None:
        command = COMMANDS[protocol][place].replace("#", str(self.numbers[protocol]))
        self._say(protocol, self.clients[protocol], command)

    def _draw(self) -> dict[str, Any]:
        made = {
            "bar": str(bar(self.acts, self.turn)),
            "told": str(told(self._acted, self.turn, len(self.acts), self.moments)),
        }
        for protocol in PROTOCOLS:
            made[protocol] = str(self._board(protocol, NUMBERS))
        return made

    def _board(self, protocol: Protocol, numbers: Sequence[int] = ()) -> Markup:
        part = self._acted.part(protocol) if self._acted else None
        who, number = self.clients[protocol], self.numbers[protocol]
        return board(self.moments[protocol], self._before[protocol], part, who, number, numbers)

    def _snippets(self) -> Mapping[str, str]:
        return self._code() if self._code else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        protocol, _, value = str(content.get("value", "")).partition(" ")
        match content.get("do"):
            case "next":
                return self._step
            case "restart":
                return self._restart
            case "who" if protocol in PROTOCOLS and value in CLIENTS:
                return lambda: self.clients.update({protocol: value})
            case "letter" if protocol in PROTOCOLS and value.isdecimal() and int(value) in NUMBERS:
                return lambda: self.numbers.update({protocol: int(value)})
            case "press" if protocol in PROTOCOLS and value.isdecimal():
                if int(value) < len(COMMANDS[protocol]):
                    return lambda: self._press(protocol, int(value))
        return None

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        boards = [self._board(protocol) for protocol in PROTOCOLS]
        heading = told(self._acted, self.turn, len(self.acts), self.moments)
        return still(heading, boards, self._snippets())

    def __repr__(self) -> str:
        title = f"{self._acted.title}\n" if self._acted else ""
        return title + "\n".join(str(moment) for moment in self.moments.values())
