"""Accounts: who may log in to an MTA, with what, and which addresses they may send from.

Answers: does this password or token open an account, and does this account own that sender address
(RFC 6409 §6.1)? Also counts wrong passwords by client address. How a password travels is `sasl`'s business.

Here a password is kept as it is, so that a lesson can look at it. A real server keeps what only checks one:
for SCRAM the four values of `Accounts.keys`, which do for PLAIN too (RFC 5802 §3).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest, digest
from random import Random
from typing import Any

from ..mail.errors import LabError
from ..mail.path import Path

ITERATIONS = 4096  # RFC 7677 §4: at least; more makes each guess dearer, and each login too
SALT = 16  # octets
MOST_ADDRESSES = 1024  # whose failures are remembered: the list must not grow with the attack
MOST_TOKENS = 1024
_PURPOSES = (b"salt ", b"stored key ", b"server key ")  # of what is made up for an account that is not there

Keys = tuple[bytes, bytes, bytes, int]  # what SCRAM checks with: salt, StoredKey, ServerKey, iterations


@dataclass(frozen=True, slots=True)
class Account:
    """An account: its name, which is an address, and its password, "" for one that only tokens open.

    `senders` are the addresses that it may give in MAIL, "@acorn.example" for all of a domain; None stands
    for its own name. `mechanisms` are those that it may log in with; None for all that the server offers.
    """

    name: str
    password: str
    senders: tuple[str, ...] | None = None
    mechanisms: tuple[str, ...] | None = None

    def owns(self, path: Path) -> bool:
        """May this account give `path` in MAIL? Letter case is ignored; the null reverse-path is anyone's."""
        address = path.address.lower()
        # A mail program's receipts must have the null reverse-path (RFC 8098 §3).
        mine = [sender.lower() for sender in ((self.name,) if self.senders is None else self.senders)]
        return not address or address in mine or f"@{path.domain.lower()}" in mine


class Accounts:
    """The accounts of one MTA, and the tokens that stand for them.

    `now` is the lab's clock. With `down` nobody can be looked up, as when a real server's database is away.
    """

    def __init__(self, random: Random, now: Callable[[], datetime]) -> None:
        self._random = random
        self._now = now
        self._secret = random.randbytes(32)
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, tuple[str, Keys]] = {}  # name -> its password then, and its keys
        self._tokens: dict[str, tuple[str, datetime]] = {}  # token -> account, end
        self.down = False

    def add(
        self,
        name: str,
        password: str,
        *,
        senders: tuple[str, ...] | None = None,
        mechanisms: tuple[str, ...] | None = None,
    ) -> Account:
        """Add an account, or replace the one of this name."""
        self._accounts[name] = Account(name, password, senders, mechanisms)
        return self._accounts[name]

    def change(self, name: str, **fields: Any) -> Account:
        """Change fields of an account: `accounts.change(name, senders=("@acorn.example",))`."""
        self._accounts[name] = replace(self[name], **fields)
        return self._accounts[name]

    def remove(self, name: str) -> None:
        """Close an account. Its tokens open nothing any more."""
        del self._accounts[self[name].name]

    def __getitem__(self, name: str) -> Account:
        if name not in self._accounts:
            raise LabError(f"There is no account {name!r} here. There are: {', '.join(self) or 'none'}.")
        return self._accounts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._accounts))

    def __contains__(self, name: object) -> bool:
        return name in self._accounts

    def __len__(self) -> int:
        return len(self._accounts)

    def check(self, name: str, password: str) -> str:
        """The name of the account that these open, "" when there is none."""
        known = self._accounts.get(name)
        right = compare_digest(password.encode(), (known.password if known else "").encode())
        return name if known and known.password and right else ""

    def owns(self, name: str, path: Path) -> bool:
        """May the account `name` give `path` in MAIL? Not when it has been closed since it logged in."""
        known = self._accounts.get(name)
        return known is not None and known.owns(path)

    def keys(self, name: str) -> Keys:
        """What SCRAM checks a password with.

        An account that does not exist has keys too, always the same and of no password: the exchange
        must not tell which accounts there are (RFC 5802 §9).
        """
        known = self._accounts.get(name)
        if known is None or not known.password:
            return self._keys_of_nobody(name)
        kept = self._keys.get(name)
        if kept is None or kept[0] != known.password:
            kept = self._keys[name] = known.password, self._make_keys(known)
        return kept[1]

    def _keys_of_nobody(self, name: str) -> Keys:
        salt, stored, server = (digest(self._secret, what + name.encode(), "sha256") for what in _PURPOSES)
        return salt[:SALT], stored, server, ITERATIONS

    def _make_keys(self, account: Account) -> Keys:
        from scramp import ScramException, ScramMechanism  # type: ignore[import-untyped]  # 40 ms, seldom used

        nobody = self._keys_of_nobody(account.name)
        try:
            made: Keys = ScramMechanism("SCRAM-SHA-256").make_auth_info(
                account.password, ITERATIONS, nobody[0]
            )
        except ScramException:  # a password that SASLprep does not allow (RFC 5802 §2.2)
            return nobody
        return made

    def nonce(self) -> str:
        """The server's part of a nonce (RFC 5802 §5.1)."""
        # Lab: it follows from the seed, so that two labs say the same; elsewhere nobody may foresee it.
        return base64.b64encode(self._random.randbytes(18)).decode()

    # tokens -------------------------------------------------------------------------------------

    def issue(self, name: str, lifetime: timedelta) -> str:
        """A token that opens the account `name` for so long by the lab's clock. Raises LabError."""
        # Lab: elsewhere an authorization server issues it, after a login in the browser (RFC 6749 §1.2).
        owner, now = self[name].name, self._now()
        self._tokens = {token: (who, end) for token, (who, end) in self._tokens.items() if end > now}
        if len(self._tokens) >= MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        token = base64.urlsafe_b64encode(self._random.randbytes(24)).decode()
        self._tokens[token] = owner, now + lifetime
        return token

    def token_owner(self, token: str) -> str:
        """The name of the account that a token opens now, "" when it opens none."""
        name, end = self._tokens.get(token, ("", self._now()))
        return name if self._now() < end and name in self._accounts else ""


def issue(stores: Iterable[Accounts], name: str, hours: float) -> str:
    """A token for the account `name`, wherever among `stores` it is. Raises LabError when it is nowhere."""
    for accounts in stores:
        if name in accounts:
            return accounts.issue(name, timedelta(hours=hours))
    known = ", ".join(account for accounts in stores for account in accounts)
    raise LabError(f"There is no account {name!r} in the lab. There are: {known}.")


class Failures:
    """Failed logins by client address, as many addresses as memory is meant to hold.

    A login that works takes none away: whoever has an account of their own could otherwise go on guessing.
    """

    MOST = 100  # of one address

    def __init__(self) -> None:
        self._times: dict[str, list[datetime]] = {}

    def note(self, address: str, now: datetime) -> None:
        """Count one. The address that has failed longest ago is forgotten when there are too many."""
        times = self._times.pop(address, [])
        self._times[address] = [*times, now][-self.MOST :]
        while len(self._times) > MOST_ADDRESSES:
            del self._times[next(iter(self._times))]

    def count(self, address: str, since: datetime) -> int:
        """How many there were after `since`."""
        return sum(time > since for time in self._times.get(address, ()))

    def forgive(self, address: str) -> None:
        """Forget what came from an address."""
        self._times.pop(address, None)

    def __len__(self) -> int:
        return len(self._times)
