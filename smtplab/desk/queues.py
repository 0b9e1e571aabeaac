"""Queues as a notebook has them: what waits over the lab's time, with the clock in the learner's hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ..lab.delivery import Delivery
from ..mail.history import History
from .base import Base

if TYPE_CHECKING:
    from ..show.queue_timeline import QueueTimeline

Action = tuple[str, Callable[[], object]]

FIRST = "mail.acorn.example"
RECEIVERS = ("mx.birch.example", "mx2.birch.example")


class Queues(Base):
    """A lab with pictures of its queues."""

    def queue_timeline(
        self, what: Delivery | str | None = None, *, actions: Sequence[Action] | None = None
    ) -> QueueTimeline:
        """Attempts, waits, replies and notices over the lab's time, and a clock to move.

        `what` is a delivery, or the host whose queue is looked at; by default it is every queue. `actions`
        are buttons, each a label and what it does to the lab: by default they switch the hosts of
        birch.example off and on, or let them greylist. Raises LabError for a host without an MTA.
        """
        from ..show import queue_code
        from ..show.queue_timeline import QueueTimeline

        if isinstance(what, str):
            self.mta(what)  # raises for a host without one
        return QueueTimeline(
            partial(self._histories, what),
            lambda step: self.clock.advance(seconds=step.total_seconds()),
            self.receiver_actions() if actions is None else actions,
            code=partial(queue_code.snippets, "" if isinstance(what, Delivery) else what or FIRST),
        )

    def receiver_actions(self, *hosts: str) -> list[Action]:
        """Buttons for a queue timeline: `hosts` (those of birch.example) off, greylisting, or on as usual."""
        names = hosts or RECEIVERS
        return [
            ("receiver off", partial(self._receivers, names, on=False)),
            ("greylisting", partial(self._receivers, names, greylist=True)),
            ("receiver on", partial(self._receivers, names)),
        ]

    def _receivers(self, names: Sequence[str], *, on: bool = True, greylist: bool = False) -> None:
        from ..lab.policies.greylist import Greylist  # policies load when one is needed

        for name in names:
            policies = self.mta(name).policies
            policies[:] = [policy for policy in policies if not isinstance(policy, Greylist)]
            if greylist:
                policies.append(Greylist(delay=timedelta(minutes=45)))
            (self.start_host if on else self.stop_host)(name)

    def _histories(self, what: Delivery | str | None) -> list[History]:
        if isinstance(what, Delivery):
            return self.history(what)
        now = self.clock.now()
        hosts = [what] if what else list(self.mtas)
        items = [item for host in hosts for item in self.queue(host) if item.onward]
        return [item.history(now) for item in sorted(items, key=lambda item: item.accepted)]
