"""The relay policy: who may send where through an MTA (RFC 2505 §2.1, RFC 5321 §3.6.2).

Three kinds of client, two kinds of recipient, and a yes or no for each of the six: that is all there is to
an open relay. Receiving mail for one's own users from anyone is what a mail exchanger is for; passing on
anyone's mail to anywhere is what makes a relay open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from ..mail.errors import LabError
from ..mail.relaying import CELLS, DEFERRED, DENIED, WHERE, WHO, Where, Who, kind
from ..mail.reply import Reply

__all__ = ["DEFERRED", "DENIED", "WHERE", "WHO", "RelayTable", "Where", "Who", "networks"]


@dataclass
class RelayTable:
    """The six answers of one MTA. `inside` are the networks whose hosts it takes for its own.

    Setting `inside` raises LabError for what is no network.
    """

    inside: tuple[str, ...] = ()
    denial: Reply = DENIED
    allowed: dict[tuple[Who, Where], bool] = field(
        default_factory=lambda: {(who, where): where == "local" or who != "outsider" for who, where in CELLS}
    )

    def __setattr__(self, name: str, value: Any) -> None:
        # Checked here, or the mistake would surface as a 451 in the middle of somebody's session.
        super().__setattr__(name, networks(value) if name == "inside" else value)

    def set(self, who: Who, where: Where, allowed: bool) -> None:
        """Say yes or no for one of the six. Raises LabError for words that the table does not have."""
        if (who, where) not in self.allowed:
            raise LabError(f"The relay table has {', '.join(WHO)}, each with {' and '.join(WHERE)}.")
        self.allowed[who, where] = allowed

    def who(self, address: str, account: str) -> Who:
        """What kind of client this is: `account` is "" for one that has not logged in."""
        return kind(self.inside, address, account)

    def refusal(self, who: Who, where: Where) -> Reply | None:
        """The reply that refuses, or None."""
        return None if self.allowed[who, where] else self.denial

    @property
    def is_open(self) -> bool:
        """True when the table alone makes an open relay: outsiders may send elsewhere.

        False is no proof: networks that are too wide, or a gateway that all clients seem to be, leave no
        client an outsider. `relays_for` knows.
        """
        return self.allowed["outsider", "elsewhere"]

    def relays_for(self, address: str) -> bool:
        """True when a client that the MTA sees at `address`, not logged in, may send elsewhere."""
        return self.allowed[self.who(address, ""), "elsewhere"]


def networks(given: str | Iterable[str]) -> tuple[str, ...]:
    """Networks as text, in the spelling of CIDR: `("192.0.2.0/24",)`. Raises LabError for what is none."""
    texts = (given,) if isinstance(given, str) else tuple(given)
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise LabError(f"Write a network such as 192.0.2.0/24 or 2001:db8:a::/48: {error}.") from None
    return tuple(str(ip_network(text)) for text in texts)
