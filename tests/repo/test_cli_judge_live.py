"""`smtplab judge --live-dns`: asks for what is missing alone, says so, and stops. The lab's DNS resolves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.resolver
import pytest
from typer.testing import CliRunner

from smtplab import cli, live_dns
from smtplab.auth.answers import Answers, NotAtHand
from smtplab.auth.answers import read as read_answers
from smtplab.lab.lab import Lab
from smtplab.mail.route import Question
from tests.auth.test_auth_case import MESSAGE, RECORDS

ZONES = ("acorn.example", "relay.example")


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with Lab(seed=1) as lab:
        for (name, rdtype), line in RECORDS.items():
            zone = next(zone for zone in ZONES if name.endswith(zone))
            value = line.partition(f" IN {rdtype} ")[2].strip('"')
            lab.dns.zone(zone).set(name.removesuffix(zone).rstrip(".") or "@", rdtype, value)
        monkeypatch.setattr(live_dns, "system", lambda: resolver(lab))
        yield lab


def resolver(lab: Lab) -> dns.resolver.Resolver:
    found = dns.resolver.Resolver(configure=False)
    host, port = lab.dns.address
    found.nameservers, found.port = [host], port
    return found


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "message.eml").write_bytes(MESSAGE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(cli.app, ["judge", "message.eml", "--trust", "mx.birch.example", *arguments])
    return found.exit_code, found.stdout, found.stderr


def asked(lab: Lab) -> set[tuple[str, str]]:
    return {(query.name.rstrip("."), query.rdtype) for query in lab.dns.queries}


def test_it_asks_nothing_unless_told_to(lab: Lab, files: Path) -> None:
    before = len(lab.dns.queries)
    code, out, err = run()
    assert (code, err, len(lab.dns.queries)) == (0, "", before)
    assert "SPF is unknown" in " ".join(out.split())


def test_it_completes_the_judgement_and_says_what_it_asked(lab: Lab, files: Path) -> None:
    code, out, err = run("--live-dns", "--html", "page.html")
    assert code == 0
    assert "SPF is pass for acorn.example, DKIM is pass for acorn.example, DMARC is pass" in " ".join(
        out.split()
    )
    lines = err.splitlines()
    assert lines[0] == "Asking this system's resolver for what is not at hand."
    assert {line.removeprefix("asked: ") for line in lines[1:]} == {f"{t} {n}" for n, t in RECORDS}
    assert "Looked up just now, as the DNS is today: TXT " in " ".join(out.split())
    assert "Looked up just now" in (files / "page.html").read_text(encoding="utf-8")
    told = json.loads(run("--live-dns", "--json")[1])
    assert {(one["name"], one["type"]) for one in told["looked_up"]} == set(RECORDS)


def test_what_is_at_hand_is_not_asked_and_counts(lab: Lab, files: Path) -> None:
    (files / "spf.txt").write_text('acorn.example. IN TXT "v=spf1 -all"\n', encoding="utf-8")
    code, out, err = run("--live-dns", "--dns", "spf.txt")
    assert code == 0
    assert "SPF is fail for acorn.example" in " ".join(out.split())
    assert "asked: TXT acorn.example" not in err.splitlines()


def test_the_rules_have_the_name_of_the_client_looked_up(lab: Lab, files: Path) -> None:
    assert "asked: PTR 10.100.51.198.in-addr.arpa" in run("--live-dns", "--rules")[2]
    assert "PTR" not in run("--live-dns")[2]


def one(lab: Lab, name: str, rdtype: str = "TXT") -> Answers:
    """What is found out about one question."""
    live = live_dns.LiveDns(lambda said: None)
    question = Question(name, rdtype)
    made = live.complete(Answers(), lambda answers: answers, lambda answers: [question])
    assert live.asked in ([question], [])  # never twice
    return made


def test_what_the_resolver_can_say(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_dns, "PATIENCE", 0.3)
    found = one(lab, "acorn.example").find(Question("acorn.example", "TXT"))
    assert found and found.values == ("v=spf1 include:_spf.relay.example mx -all",)
    for name, rdtype, status in (
        ("no-such-name.acorn.example", "TXT", "no such name"),
        ("mail.acorn.example", "MX", "no data"),
    ):
        answer = one(lab, name, rdtype).find(Question(name, rdtype))
        assert answer and answer.status == status
    lab.dns.fault("acorn.example", "servfail")
    answer = one(lab, "acorn.example").find(Question("acorn.example", "TXT"))
    assert answer and (answer.status, answer.note) == ("no answer", "SERVFAIL")
    for what in ("timeout", "refused"):
        lab.dns.fault("acorn.example", what)
        assert one(lab, "acorn.example").find(Question("acorn.example", "TXT")) is None


@pytest.mark.parametrize(
    "name", ["", "a b.example", "$(id).example", "x" * 64 + ".example", "ä.example", "a..b"]
)
def test_names_of_strangers_do_no_harm(lab: Lab, name: str) -> None:
    with pytest.raises(NotAtHand):
        one(lab, name).resolve(name or "x", "TXT")


def test_it_stops(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_dns, "MOST_QUESTIONS", 5)

    def endless(said: Callable[[str], None]) -> live_dns.LiveDns:
        live = live_dns.LiveDns(said)
        numbers = iter(range(10_000))
        live.complete(
            Answers(),
            lambda answers: answers,
            lambda _: [Question(f"x{next(numbers)}.example", "A") for _ in "abc"],
        )
        return live

    assert len(endless(lambda said: None).asked) == 5
    monkeypatch.setattr(live_dns, "MOST_SECONDS", -1.0)
    start = time.monotonic()
    assert endless(lambda said: None).asked == []
    assert time.monotonic() - start < 1


def test_without_a_resolver_it_says_so(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> dns.resolver.Resolver:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(live_dns, "system", none)
    assert run("--live-dns") == (2, "", "--live-dns: this system has no resolver set up.\n")


def test_the_help_says_what_it_means() -> None:
    shown = " ".join(CliRunner().invoke(cli.app, ["judge", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert "asks nothing of the network unless you give --live-dns" in shown


def test_what_is_pasted_counts_before_what_is_asked() -> None:
    """A name that is gone today had a record when the message came, and that was pasted."""
    live = Answers(empty={("acorn.example", ""): ("no such name", "")})
    both = live + read_answers('acorn.example. IN TXT "v=spf1 -all"\n')
    assert both.find(Question("acorn.example", "TXT"))
