"""Receiver policies: what a lesson switches on at an MTA, each with the replies that large receivers use.

    lab.mta("mx.birch.example").policies.append(Greylist(dialect="postfix"))

Which gives which reply, and why (`tests/cases/policies.toml` provokes each):

    421 4.3.2   Maintenance     the server is being shut down: at the greeting, and at the next MAIL
    421 4.7.28  RateLimit       too much from one client, as Gmail says it
    421 4.7.1   Greylist        RFC 6647 allows it instead of 450: dialect "closing"
    432 4.3.2   RateLimit       too much for one mailbox, as Microsoft says it
    450 4.2.1   RateLimit       too much for one mailbox
    450 4.7.1   Greylist        come back in a minute; also RequirePtr, as Postfix says it
    450 4.7.25  RequirePtr      the client's address has no name, or none that leads back
    451 4.3.0   LocalError      something broke inside the server
    451 4.4.3   RequirePtr      the DNS did not answer, so nobody knows
    451 4.7.1   RateLimit       too much from one client; also Greylist, as many say it
    451 4.7.23  RequirePtr      as Gmail says it
    452 4.2.2   Quota           the mailbox is full
    452 4.3.1   FullDisk        the server is full
    550 5.7.1   AskBlocklist    the client is listed, as Microsoft says it
    550 5.7.25  RequirePtr      for good
    552 5.2.2   Quota           for good
    554         NoService       no service for this client, at the greeting; 521 where no mail is taken ever
    554 5.7.1   ContentFilter   the message looks like spam; also AskBlocklist

Without any policy an MTA gives 452 4.5.3 (too many recipients), 550 5.1.1 (no such mailbox), 552 5.3.4
(larger than `limits.size`), 554 5.4.6 (a loop) and 554 5.7.1 (relaying denied). The words of Postfix, Gmail
and Microsoft are paraphrased where a code of theirs is known; for the others the standard's code stands.

Greylist, RateLimit and RequirePtr judge strangers only: whoever logs in, or comes from the host's own
networks, is not asked. A policy keeps its state to itself. A domain with two exchangers needs it at both, or
mail takes the other way in; the same object in both `policies` makes them remember together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...mail.lazy import lazily

if TYPE_CHECKING:
    from ..blocklist import AskBlocklist
    from ..dialects import DIALECTS
    from .content import RULES, TEST_STRING, ContentFilter, Rule, Score, score
    from .greylist import Greylist
    from .ptr import RequirePtr
    from .quota import Quota
    from .rate import RateLimit
    from .rewrap import Rewrap
    from .service import FullDisk, LocalError, Maintenance, NoService
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "AskBlocklist": "..blocklist",
            "DIALECTS": "..dialects",
            **dict.fromkeys(("RULES", "TEST_STRING", "ContentFilter", "Rule", "Score", "score"), ".content"),
            "Greylist": ".greylist",
            "RequirePtr": ".ptr",
            "Quota": ".quota",
            "RateLimit": ".rate",
            "Rewrap": ".rewrap",
            **dict.fromkeys(("FullDisk", "LocalError", "Maintenance", "NoService"), ".service"),
        },
    )

__all__ = [
    "DIALECTS",
    "RULES",
    "TEST_STRING",
    "AskBlocklist",
    "ContentFilter",
    "FullDisk",
    "Greylist",
    "LocalError",
    "Maintenance",
    "NoService",
    "Quota",
    "RateLimit",
    "RequirePtr",
    "Rewrap",
    "Rule",
    "Score",
    "score",
]
