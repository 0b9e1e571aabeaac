"""X-ray: who sees what of a message on its way, the envelope and the header section apart (RFC 5321 §2.3.1).

Does Bob see whom else Alice wrote to? Which host reads the body? Where did Bcc go? `xray` takes what was
handed over at each hop and says, for each part and each onlooker, whether it is seen, and what each hop
added, removed or changed. `handed` reads the hops of a connection from its transcript.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..envelope import Envelope
from ..header.field import fields
from .changes import changes
from .findings import findings
from .record import Change, Hop, Row, Seen, Viewer, Xray
from .table import rows, viewers
from .wire import handed

__all__ = ["Change", "Hop", "Row", "Seen", "Viewer", "Xray", "handed", "xray"]


def xray(hops: Sequence[Hop | tuple[str, Envelope, bytes]], *, in_clear: bool = False) -> Xray:
    """Look through a message's way, given what each place holds, the author's program first.

    The eavesdropper listens on every wire, and sees what passes without TLS; with `in_clear` all of it, as
    if nobody used TLS. A hop comes after the one that handed it over.
    """
    known = tuple(Hop(*hop) for hop in hops)
    headers = [fields(hop.message) for hop in known]
    onlookers = tuple(viewers(known, headers))
    made = tuple(change for number in range(1, len(known)) for change in changes(known, headers, number))
    table = tuple(rows(known, headers, onlookers, in_clear))
    return Xray(known, onlookers, table, made, tuple(findings(known, headers, made)))
