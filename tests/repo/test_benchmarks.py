"""The benchmarks run: each peer holds a whole dialogue, under TLS where TLS is measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from benchmarks import measure, peers

CLEAR = [peers.lab, peers.bare_aiosmtpd]
TLS = [peers.lab_starttls, peers.bare_starttls, peers.lab_implicit, peers.bare_implicit]


@pytest.mark.parametrize("peer", CLEAR + TLS)
def test_a_dialogue(peer: Callable[[], AbstractContextManager[peers.Connect]]) -> None:
    with peer() as connect:
        to = "alice@acorn.example" if "implicit" in peer.__name__ else "bob@birch.example"
        measure.dialogue(connect, to)
        with connect() as client:
            assert hasattr(client.sock, "version") is (peer in TLS)
            if peer in TLS:
                assert client.sock.version() == "TLSv1.3"
