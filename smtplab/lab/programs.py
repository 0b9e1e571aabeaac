"""Programs that a lesson starts beside an MTA: one that answers mail, one that reads bounces, a mailing list,
and SRS on a forwarder.

They load when the first is asked for: a lab starts without them, and without the readers that they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mail.errors import LabError
from ..mail.path import Path

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from .autoreply import Autoreply
    from .mailing_list import MailingList
    from .mta import Mta
    from .srs import Srs
    from .suppression import Suppression
    from .world import World

AWAY = "I am away and will read your message when I am back."


class Programs:
    """The part of a lab that starts them. None runs unless it is asked for."""

    _world: World
    mtas: dict[str, Mta]

    if TYPE_CHECKING:

        def mta(self, host: str) -> Mta: ...

    def autoreply(
        self, address: str, text: str = AWAY, *, careless: bool = False, most: int = 20
    ) -> Autoreply:
        """Answer what comes to the mailbox `address` with `text` from now on (RFC 3834), and return who does.

        A careless one answers everything, `most` times at most; a new one takes the place of the one before.
        Raises LabError for an unknown mailbox.
        """
        from .autoreply import Autoreply

        path = Path.of(address)
        stored = [mta for mta in self.mtas.values() if mta.store.find(path)]
        if not stored:
            raise LabError(f"There is no mailbox {address!r} in the lab that could be answered for.")
        mailbox = stored[0].store.find(path) or address
        program = Autoreply(mailbox, text, careless=careless, most=most)
        for mta in stored:
            mta.local.responders[mailbox] = program
        return program

    def end_autoreply(self, address: str) -> None:
        """Answer no more for `address`. Raises LabError when nobody does."""
        running = [mta for mta in self.mtas.values() if address.lower() in mta.local.responders]
        if not running:
            raise LabError(f"Nobody answers for {address!r}: lab.autoreply({address!r}) would begin to.")
        for mta in running:
            del mta.local.responders[address.lower()]

    def suppression(self, host: str = "out.relay.example") -> Suppression:
        """Have the provider on `host` give messages their own reverse-paths, and keep a suppression list.

        Asked again it returns the list that is kept. Raises LabError when no MTA runs there.
        """
        from .suppression import Suppression

        mta = self.mta(host)
        found = next((one for one in mta.local.programs if isinstance(one, Suppression)), None)
        if found is None:
            found = Suppression(mta)
            mta.policies.append(found)
            mta.local.programs.append(found)
        return found

    def end_suppression(self, host: str = "out.relay.example") -> None:
        """Stop that; the list is gone. Raises LabError when none is kept."""
        from .suppression import Suppression

        mta = self.mta(host)
        programs = [one for one in mta.local.programs if isinstance(one, Suppression)]
        if not programs:
            raise LabError(f"{host} keeps no suppression list: lab.suppression({host!r}) would begin one.")
        mta.local.programs = [one for one in mta.local.programs if one not in programs]
        mta.policies = [one for one in mta.policies if one not in programs]

    def dkim_key(self, name: str) -> Ed25519PrivateKey:
        """An Ed25519 key for DKIM, the same for the same name in every lab with this seed (RFC 8463 §3).

        So two runs give the same signatures. For a key that nobody else can have: `dkim.generate`.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._world.random(f"DKIM key {name}").randbytes(32))

    def srs(self, host: str = "mx.forward.example") -> Srs:
        """Have the forwarder on `host` put addresses of its own into the envelope of what it forwards.

        Asked again it returns the one that runs. Raises LabError when no MTA runs there.
        """
        from .srs import Srs

        mta = self.mta(host)
        found = next((one for one in mta.local.programs if isinstance(one, Srs)), None)
        if found is None:
            found = Srs(mta)
            mta.local.programs.append(found)
        return found

    def end_srs(self, host: str = "mx.forward.example") -> None:
        """Forward plainly again: bounces to the addresses given so far are refused."""
        from .srs import Srs

        mta = self.mta(host)
        mta.local.programs = [one for one in mta.local.programs if not isinstance(one, Srs)]

    def mailing_list(self, address: str = "trees@list.example", *members: str) -> MailingList:
        """Make a mailing list of the alias `address`: it has its own reverse-path, and may change messages.

        Without `members` it has the alias' targets. Asked again it returns the list that runs. Raises
        LabError where no MTA has the address' domain, and for a list without members; RecordError for a
        member that is no address.
        """
        from .mailing_list import MailingList, running

        path = Path.of(address)
        mta = next((one for one in self.mtas.values() if path.domain.lower() in one.store.domains), None)
        if mta is None:
            raise LabError(f"No MTA of the lab takes mail for {address!r}, so there can be no list.")
        found = next((one for one in running(mta) if one.takes(path)), None)
        if found is not None:
            return found
        there = list(members) or list(mta.aliases.get(path.address.lower(), ()))
        if not there:
            raise LabError(f"Say who is on the list: lab.mailing_list({address!r}, 'bob@birch.example').")
        for member in there:
            Path.of(member)
        made = MailingList(mta, path, there)
        mta.aliases.pop(path.address.lower(), None)
        mta.local.programs.append(made)
        return made

    def end_mailing_list(self, address: str = "trees@list.example") -> None:
        """Make it a plain alias again, for the members that are left. Raises LabError when there is none."""
        from .mailing_list import running

        path = Path.of(address)
        for mta in self.mtas.values():
            for found in running(mta):
                if found.takes(path):
                    mta.local.programs = [one for one in mta.local.programs if one is not found]
                    mta.aliases[path.address.lower()] = tuple(found.members)
                    return
        raise LabError(f"There is no mailing list {address!r}: lab.mailing_list({address!r}) would make one.")
