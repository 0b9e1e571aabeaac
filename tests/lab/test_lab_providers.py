"""Services that send for others: what including them costs, and that they can send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.auth.spf import check_host
from smtplab.lab.hosts import in_the_lab
from smtplab.lab.lab import Lab
from smtplab.lab.providers import PROVIDERS, Provider, publish

STRANGER = "198.51.100.250"  # in none of the lists: every term is looked at


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as started:
        yield started


def including(lab: Lab, ip: str, *keys: str) -> tuple[str, int]:
    """The result, and how many terms asked the DNS, for a domain that includes these."""
    terms = " ".join(f"include:{lab.providers[key].include}" for key in keys)
    published = check_host(ip, "acorn.example", "alice@acorn.example", resolve=lab.resolve)
    verdict = published.what_if(records={("acorn.example", "TXT"): f"v=spf1 {terms} -all"}).after
    return verdict.result, verdict.meters["lookups"][0]


@pytest.mark.parametrize("provider", [each for each in PROVIDERS if not each.gone], ids=lambda each: each.key)
def test_including_one_costs_what_it_says_and_lets_its_hosts_send(lab: Lab, provider: Provider) -> None:
    assert including(lab, STRANGER, provider.key) == ("fail", provider.lookups)
    for name, addresses in provider.hosts:
        assert name.endswith(provider.domain)
        for address in addresses:
            assert in_the_lab(address)
            assert lab.dns.resolver().resolve_address(address)[0].to_text() == f"{name}."
            assert including(lab, address, provider.key)[0] == "pass"


def test_three_of_them_are_eleven_lookups(lab: Lab) -> None:
    assert including(lab, STRANGER, "suite", "works", "news") == ("permerror", 11)
    assert including(lab, "203.0.113.130", "suite", "works", "news") == ("pass", 2)


def test_the_one_that_is_gone_can_be_had_by_anybody(lab: Lab) -> None:
    gone = lab.providers["oldpost"]
    assert gone.gone and not gone.host
    assert including(lab, "203.0.113.66", "oldpost")[0] == "permerror"
    lab.dns.add_zone(gone.domain).set(gone.include, "TXT", "v=spf1 ip4:203.0.113.66 -all")
    assert including(lab, "203.0.113.66", "oldpost")[0] == "pass"


def test_their_hosts_can_send_and_none_is_inside_of_anybody(lab: Lab) -> None:
    with lab.connect("mx.birch.example", source=lab.providers["news"].host) as session:
        session.send("EHLO o1.news.example")
        session.send("MAIL FROM:<bounces@news.example>")
        assert session.send("RCPT TO:<bob@birch.example>").code == 250
        assert session.send("RCPT TO:<carol@forward.example>").code >= 500
    assert session.transcript.client.host == "o1.news.example"


def test_what_was_changed_is_put_back(lab: Lab) -> None:
    crm = lab.providers["crm"]
    zone = lab.dns.zone(crm.domain)
    zone.set(crm.include, "TXT", "v=spf1 -all")
    assert including(lab, "192.0.2.162", "crm")[0] == "fail"
    publish(lab.dns, crm)
    assert including(lab, "192.0.2.162", "crm")[0] == "pass"


def test_the_list_shows_itself(lab: Lab) -> None:
    lines = repr(lab.providers).splitlines()
    assert len(lines) == 1 + len(lab.providers) == 7
    assert "nobody is left" in lines[-1]
    assert "spf.news.example" in lines[3]
