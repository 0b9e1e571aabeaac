"""The relay policy: who may send where through an MTA (RFC 2505 §2.1, RFC 5321 §3.9).

Three kinds of client, two kinds of recipient, and a yes or no for each of the six: that is all there is to
an open relay. Receiving mail for one's own users from anyone is what a mail exchanger is for; passing on
anyone's mail to anywhere is what makes a relay open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal

from ..mail.errors import LabError
from ..mail.reply import Reply

Who = Literal["inside", "authenticated", "outsider"]
Where = Literal["local", "elsewhere"]
WHO: tuple[Who, ...] = ("inside", "authenticated", "outsider")
WHERE: tuple[Where, ...] = ("local", "elsewhere")

DENIED = Reply(554, "5.7.1", ("Relay access denied",))
# What Postfix says when its configuration ends in "defer": the client will ask again for days.
DEFERRED = Reply(454, "4.7.1", ("Relay access denied",))


@dataclass
class RelayTable:
    """The six answers of one MTA. `inside` are the networks whose hosts it takes for its own."""

    inside: tuple[str, ...] = ()
    denial: Reply = DENIED
    allowed: dict[tuple[Who, Where], bool] = field(
        default_factory=lambda: {
            (who, where): where == "local" or who != "outsider" for who in WHO for where in WHERE
        }
    )

    def set(self, who: Who, where: Where, allowed: bool) -> None:
        """Say yes or no for one of the six. Raises LabError for words that the table does not have."""
        if (who, where) not in self.allowed:
            raise LabError(f"The relay table has {', '.join(WHO)}, each with {' and '.join(WHERE)}.")
        self.allowed[who, where] = allowed

    def who(self, address: str, account: str) -> Who:
        """What kind of client this is: `account` is "" for one that has not logged in."""
        if account:
            return "authenticated"
        client = ip_address(address)
        networks = map(ip_network, self.inside)
        return "inside" if any(n.version == client.version and client in n for n in networks) else "outsider"

    def refusal(self, who: Who, where: Where) -> Reply | None:
        """The reply that refuses, or None."""
        return None if self.allowed[who, where] else self.denial

    @property
    def is_open(self) -> bool:
        """True for an open relay: outsiders may send elsewhere."""
        return self.allowed["outsider", "elsewhere"]
