"""`smtplab judge`: a page, JSON, standard input, bad input, and that it asks nothing of the network."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smtplab import cli
from smtplab.auth.case import returned
from tests.auth import dkim_zone
from tests.auth.test_auth_case import ALL, KEY, MESSAGE, TRACE, WRITTEN

# Any socket that is made, and any name that is looked up, ends the command.
CLOSED = """
import socket, sys
def closed(*args, **kwargs):
    sys.exit(77)
socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = closed
socket.getaddrinfo = socket.gethostbyname = socket.gethostbyaddr = socket.create_connection = closed
from smtplab.cli import app
app()
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "message.eml").write_bytes(MESSAGE)
    (tmp_path / "answers.txt").write_text(ALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, text: str = "") -> tuple[int, str, str]:
    found = CliRunner().invoke(cli.app, ["judge", *arguments], input=text)
    return found.exit_code, found.stdout, found.stderr


def test_a_process_of_its_own_asks_nothing_of_the_network(files: Path) -> None:
    arguments = ["judge", "message.eml", "--dns", "-", "--trust", "mx.birch.example"]
    found = subprocess.run(
        [sys.executable, "-c", CLOSED, *arguments], input=ALL.encode(), capture_output=True, cwd=files
    )
    assert (found.returncode, found.stderr) == (0, b"")
    page = found.stdout.decode("utf-8")
    assert page.startswith("Known: it came from 198.51.100.10; SPF is pass for acorn.example")


def test_without_answers_it_says_what_to_run(files: Path) -> None:
    code, out, err = run("message.eml")
    assert (code, err) == (0, "")
    assert "dig TXT acorn.example." in out


def test_json_for_other_programs(files: Path) -> None:
    code, out, err = run("message.eml", "--dns", "answers.txt", "--ip", "203.0.113.1", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [one["result"] for one in told["verdicts"]][1:4] == ["fail", "pass", "pass"]
    assert len(told["sentences"]) == 3
    assert list(told["facts"][0].values()) == ["ip", "203.0.113.1", "known", "you gave it"]


def test_the_message_from_standard_input_and_several_answers(files: Path) -> None:
    first, _, rest = ALL.partition("\n")
    (files / "one.txt").write_text(first, encoding="utf-8")
    (files / "two.txt").write_text(rest, encoding="utf-8")
    trust = ("--trust", "mx.birch.example", "--trust", "192.0.2.0/24")
    code, out, _ = run("-", "--dns", "one.txt", "--dns", "two.txt", *trust, text=MESSAGE.decode())
    assert code == 0
    assert "SPF is pass for acorn.example" in " ".join(out.split())
    whole = run("message.eml", "--dns", "answers.txt", "--whole")[1]
    assert len(whole) > len(out) and "claimed: bh=" in whole and "claimed: bh=" not in out


def test_the_rules_of_large_providers_on_request(files: Path) -> None:
    out = run("message.eml", "--dns", "answers.txt", "--rules")[1]
    assert "does this message have what Gmail wants" in out
    assert out.endswith("dig PTR 10.100.51.198.in-addr.arpa.\n")
    assert "Gmail" not in run("message.eml", "--dns", "answers.txt")[1]
    assert len(json.loads(run("message.eml", "--rules", "--json")[1])["requirements"]) == 3


def test_a_report_to_show_to_others(files: Path) -> None:
    out = run("message.eml", "--dns", "answers.txt", "--redact")[1]
    assert "ip1" in out and "198.51.100.10" not in out and "alice@" not in out
    assert "198.51.100.10" not in run("message.eml", "--redact", "--json")[1]


def test_it_goes_by_the_time_of_delivery(files: Path) -> None:
    """A signature that has expired since held when the message came."""
    expires = datetime(2026, 3, 9, tzinfo=UTC)
    (files / "old.eml").write_bytes(TRACE + dkim_zone.signed(WRITTEN, KEY, expires=expires))
    assert "DKIM is pass" in run("old.eml", "--dns", "answers.txt", "--trust", "mx.birch.example")[1]
    assert "DKIM is policy" in run("old.eml", "--dns", "answers.txt")[1]


def test_other_pastes_are_read_as_what_they_are(files: Path) -> None:
    code, out, err = run("-", text="550 5.1.1 No such user here\n")
    assert (code, err) == (0, "")
    assert out.startswith("Read as: reply\n\n✕ refused  reply desk: what does 550 5.1.1 mean?")
    told = json.loads(run("-", "--json", text="v=spf1 mx -all")[1])
    assert (told["kind"], told["verdict"]["result"]) == ("SPF record", "pass")
    bounce = Path(__file__).resolve().parents[1] / "cases" / "bounces" / "postfix.eml"
    out = run(str(bounce))[1]
    assert "failed  bounce: what does this DSN say" in out and "Known: " in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.eml",), "none.eml can't be read: No such file or directory."),
        ((".",), ". can't be read: Is a directory."),
        (("empty.eml",), "empty.eml is empty: give the raw source of a message."),
        (("message.eml", "--ip", "300.1.1.1"), "--ip wants an IP address, not '300.1.1.1'."),
        (("message.eml", "--mail-from", "no address"), "--mail-from: "),
        (("message.eml", "--trust", "no host"), "--trust: a trusted host is a name"),
        (("message.eml", "--dns", "none.txt"), "none.txt can't be read"),
        (("answers.txt",), "answers.txt looks like DNS answers: give them with --dns, beside a message."),
        (("report.gz",), "report.gz was taken for: aggregate report, but "),
        (("-", "--dns", "-"), "Only one of the message and the DNS answers"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(files: Path, arguments: tuple[str, ...], words: str) -> None:
    (files / "empty.eml").write_bytes(b"\r\n")
    (files / "report.gz").write_bytes(b"\x1f\x8bnonsense")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.endswith(".\n") and len(err.splitlines()) == 1


def test_a_page_for_the_browser(files: Path) -> None:
    arguments = ("message.eml", "--dns", "answers.txt", "--html", "page.html")
    printed = run(*arguments)
    assert printed == run(*arguments[:3])  # what is printed stays
    page = (files / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "alice@acorn.example" in page and "Gmail" not in page
    run(*arguments, "--rules", "--redact")
    page = (files / "page.html").read_text(encoding="utf-8")
    assert "dig PTR ip1.in-addr.arpa." in page and "198.51.100.10" not in page and "alice@" not in page


def test_the_page_never_takes_the_place_of_what_was_read(files: Path) -> None:
    code, out, err = run("message.eml", "--html", "./message.eml")
    assert (code, out, err) == (2, "", "./message.eml is what was read: give --html another file.\n")
    assert (files / "message.eml").read_bytes() == MESSAGE
    code, _, err = run("message.eml", "--html", "no/such/folder.html")
    assert (code, err) == (2, "no/such/folder.html can't be written: No such file or directory.\n")


def test_the_rules_are_held_against_what_came_back_in_a_bounce(files: Path) -> None:
    bounce = str(Path(__file__).resolve().parents[1] / "cases" / "bounces" / "postfix.eml")
    out = run(bounce, "--rules", "--html", "page.html")[1]
    assert "against the message that came back, not against the bounce." in out
    assert "against the message that came back" in (files / "page.html").read_text("utf-8")
    copy = returned(Path(bounce).read_bytes())
    assert copy
    (files / "copy.eml").write_bytes(copy.message)
    asked = [json.loads(run(one, "--rules", "--json")[1])["requirements"] for one in (bounce, "copy.eml")]
    steps = [[(step["what"], step["result"]) for one in each for step in one["steps"]] for each in asked]
    assert steps[0] == steps[1]
    assert ("From", "fail") not in steps[0]


def test_the_message_that_a_bounce_brings_back(files: Path) -> None:
    bounce = str(Path(__file__).resolve().parents[1] / "cases" / "bounces" / "postfix.eml")
    given = ("--mail-from", "alice@acorn.example", "--ip", "198.51.100.10")
    code, out, _ = run(bounce, "--dns", "answers.txt", *given, "--html", "page.html")
    assert code == 0
    own, _, copy = " ".join(out.split()).partition(
        "The message came back as a copy of its header section alone"
    )
    assert "SPF is unknown" in own and "198.51.100.10" not in own.partition("What the checks were")[2]
    assert "SPF is pass for acorn.example; " not in own and "SPF is pass for acorn.example" in copy
    assert "First: read what this bounce says" in own
    assert "The message that came back" in (files / "page.html").read_text(encoding="utf-8")
    told = json.loads(run(bounce, "--json")[1])["returned"]
    assert told["copy"].startswith("The message came back as a copy") and len(told["sentences"]) == 3
