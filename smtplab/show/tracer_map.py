"""The known part of a Received chain on the lab's map: hops between hosts that the lab knows.

Only what is known is drawn. A client counts by the address that a trusted host saw, never by a name in the
line; a path that a stranger made up would else be drawn as if it had been taken.
"""

from __future__ import annotations

from itertools import pairwise

import htpy as h

from ..mail.received.hops import Chain
from ..mail.topology import Topology
from .map_svg import picture
from .tracer_rows import at_address


def known_path(found: Chain, topology: Topology) -> list[tuple[str, str]]:
    """The known hops as (from, to), the oldest first, as far as both hosts are on the map."""
    path = []
    for hop in found.hops:
        client = at_address(topology, str(hop.received.ip)) if hop.known and hop.received.ip else None
        host = topology.place(hop.received.by) if hop.known else None
        if client and host and client != host:
            path.append((client.name, host.name))
    return path


def the_map(found: Chain, topology: Topology) -> h.Element | None:
    """The map with that path, to unfold; None where no known hop is on it."""
    path = known_path(found, topology)
    if not path:
        return None
    way = [path[0][0], path[0][1], *(to for (_, before), (at, to) in pairwise(path) if before == at)]
    return h.details(".tr-map", data_fold="map")[
        h.summary(data_key="map")[f"The known part on the map: {' → '.join(way)}"],
        h.div(".sl-scroll", tabindex="0", role="group", aria_label="Map of the known hops")[
            picture(topology, path)
        ],
    ]
