"""The benchmarks run: each peer holds a whole dialogue, under TLS where TLS is measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from benchmarks import measure, peers, reports, retrieval

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


def test_all_is_fetched_by_both_protocols(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "COUNT", 7)
    monkeypatch.setattr(retrieval, "ROUNDS", 1)
    assert [row[0] for row in retrieval.rows()] == ["fetch 7 messages by POP3", "fetch 7 messages by IMAP"]


def test_reports_are_made_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "SMALL", 20)
    monkeypatch.setattr(reports, "LARGE", 200)
    assert len(reports.rows()) == 5
