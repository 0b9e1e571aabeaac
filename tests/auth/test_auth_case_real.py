"""Messages that other programs signed and wrote, as pasted: the judgement is the one that dkimpy has of them.

dkimpy's test data (tests/cases/dkimpy) was signed by Gmail, Exim and dkimpy. CPython's (tests/cases/cpython,
and all that the running Python brings) are messages as old programs wrote them, many of them broken.
"""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from smtplab.auth import dkim
from smtplab.auth.answers import read
from smtplab.auth.case import Case, CaseJudgement, explain, judge_bounce, judge_case, recognise
from smtplab.mail.route import Question
from smtplab.mail.verdict import walk
from tests.auth import dkim_zone

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASES = Path(__file__).parents[1] / "cases"
KEYS = (CASES / "dkimpy" / "keys.zone").read_text(encoding="ascii")
BAD_KEYS = [
    line
    for line in (CASES / "dkimpy" / "bad-keys.zone").read_text(encoding="ascii").splitlines()
    if not line.startswith(";")
]
SIGNED = sorted(
    path for path in (CASES / "dkimpy").iterdir() if path.suffix in (".msg", ".message", ".baddomain")
)
assert len(SIGNED) == 6 and len(BAD_KEYS) == 3


def installed() -> list[Path]:
    """CPython's own messages, where the Python that runs this has them."""
    spec = importlib.util.find_spec("test")
    places = spec.submodule_search_locations if spec else None
    return [found for place in places or () for found in Path(place, "test_email", "data").glob("msg_*.txt")]


WRITTEN = {path.name: path for path in (*installed(), *(CASES / "cpython").glob("msg_*.txt"))}
assert len(WRITTEN) >= 7


def table(zone: str) -> dict[bytes, bytes]:
    """The records of a zone file for dkimpy, read without any code of smtplab."""
    lines = [line.split(" ", 4) for line in zone.splitlines() if not line.startswith(";")]
    return {line[0].encode(): line[4].replace('" "', "").strip('"').encode() for line in lines}


def dkimpy_says(message: bytes, zone: str) -> list[bool]:
    """Whether each signature holds, the top one first."""
    records, checker = table(zone), dkimpy.DKIM(message)
    count = sum(1 for name, _ in checker.headers if name.lower() == b"dkim-signature")
    said = []
    for number in range(count):
        try:
            said.append(bool(checker.verify(idx=number, dnsfunc=lambda name, timeout=5: records.get(name))))
        except dkimpy.DKIMException:
            said.append(False)
    return said


def judged(message: bytes, answers: str, now: datetime = NOW) -> CaseJudgement:
    return judge_case(Case(message, answers=read(answers)), now)


def holds(judgement: CaseJudgement) -> list[bool]:
    results = [one.result for one in judgement.of("DKIM")]
    assert not {"unknown", "none"} & set(results), results
    return [result == "pass" for result in results]


def as_dig(zone: str) -> str:
    """The same records as dig prints them, with its head and its other lines."""
    blocks = []
    for line in zone.splitlines():
        name = line.split(" ", 1)[0]
        blocks.append(
            f"; <<>> DiG 9.18.24 <<>> TXT {name}\n;; global options: +cmd\n;; Got answer:\n"
            ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4711\n"
            ";; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n\n"
            f";; QUESTION SECTION:\n;{name}\t\tIN\tTXT\n\n;; ANSWER SECTION:\n{line}\n\n"
            ";; Query time: 9 msec\n"
        )
    return "\n".join(blocks)


@pytest.mark.parametrize("form", [str, as_dig])
@pytest.mark.parametrize("path", SIGNED, ids=lambda path: path.name)
def test_with_the_keys_it_is_what_dkimpy_says(path: Path, form: type[str]) -> None:
    message = path.read_bytes()
    assert holds(judged(message, form(KEYS))) == dkimpy_says(message, KEYS) != []


def test_what_was_sent_by_real_software_passes() -> None:
    """So that the one above does not hold because all of it fails."""
    passing = {path.name for path in SIGNED if all(holds(judged(path.read_bytes(), KEYS)))}
    assert passing == {"ed25519test2.msg", "rfc6376.signed.msg", "rfc6376.signed.rsa.msg", "test2.message"}


@pytest.mark.parametrize("zone", BAD_KEYS, ids=["damaged", "bad version", "unknown k="])
def test_with_a_bad_key_it_is_what_dkimpy_says(zone: str) -> None:
    message = (CASES / "dkimpy" / "rfc6376.signed.rsa.msg").read_bytes()
    judgement = judged(message, zone)
    assert holds(judgement) == dkimpy_says(message, zone) == [False]
    (verdict,) = judgement.of("DKIM")
    assert verdict.result in ("neutral", "permerror")  # RFC 8601 §2.7.1


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("test2.message", ["20120113._domainkey.gmail.com"]),
        ("ed25519test2.msg", ["sed._domainkey.test.ex"]),
        (
            "rfc6376.signed.msg",
            ["brisbane._domainkey.football.example.com", "test._domainkey.football.example.com"],
        ),
    ],
)
def test_without_a_key_it_is_unknown_and_the_command_is_said(name: str, questions: list[str]) -> None:
    judgement = judged((CASES / "dkimpy" / name).read_bytes(), "")
    assert [one.result for one in judgement.of("DKIM")] == ["unknown"] * len(questions)
    asked = [one for one in judgement.missing if "._domainkey." in one.name]
    assert asked == [Question(each, "TXT") for each in questions]
    assert {f"dig TXT {each}." for each in questions} <= set(judgement.commands()["dig"])
    pasted = judgement.what_if(answers=read(KEYS))
    assert all(holds(pasted))


def test_what_nobody_signed_with_that_key_is_not_asked_for() -> None:
    """A domain that can't be one has no key to be asked for."""
    judgement = judged((CASES / "dkimpy" / "test.message.baddomain").read_bytes(), "")
    assert [one.result for one in judgement.of("DKIM")] == ["neutral"]
    assert not any("_domainkey" in one.name for one in judgement.missing)


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_any_message_has_a_judgement(name: str) -> None:
    """A verdict of each kind, no traceback, no answer made up, and a page of bounded length."""
    data = WRITTEN[name].read_bytes()
    kind = recognise(data)
    assert kind in ("message", "bounce", "text")
    if kind == "bounce":
        told = judge_bounce(Case(data), explain(data, kind), NOW)
        made = [one for one in (told.judgement, told.returned) if one]
        page = told.text()
    else:
        made = [judge_case(Case(data), NOW)]
        page = made[0].text()
    assert made
    for judgement in made:
        methods = [one.method for one in judgement.verdicts]
        assert methods[:4] == ["Received", "SPF", "DKIM", "DMARC"] and len(methods) == 6
        results = {one.method: one.result for one in judgement.verdicts}
        assert results["SPF"] == "unknown" and results["DKIM"] == "none"
        assert results["DMARC"] in ("unknown", "none")
        assert "temperror" not in results.values()
        assert sum(1 for one in judgement.verdicts for _ in walk(one.steps)) < 300
    assert "\x1b" not in page and len(page) < 30_000


def test_what_dkimpy_signs_of_them_passes_and_is_unknown_without_the_key() -> None:
    key = dkim_zone.KEYS["rsa"]
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    record = dkim.record(key)
    strings = '" "'.join(record[at : at + 200] for at in range(0, len(record), 200))
    zone = f'{dkim_zone.NAME}. 300 IN TXT "{strings}"'
    judgements = 0
    for path in WRITTEN.values():
        data = path.read_bytes()
        if recognise(data) == "text":
            continue  # what has no header section, dkimpy signs neither
        try:
            own = dkimpy.sign(data, dkim_zone.SELECTOR.encode(), dkim_zone.DOMAIN.encode(), pem)
        except dkimpy.DKIMException:
            continue  # no From, or two
        message = own.replace(b"\r\n", b"\n") + data if b"\r\n" not in data else own + data
        later = datetime.now(UTC) + timedelta(minutes=1)  # dkimpy signs with t= and the clock of today
        assert holds(judged(message, zone, later)) == dkimpy_says(message, zone) == [True], path.name
        (unknown,) = judged(message, "").of("DKIM")
        assert unknown.result == "unknown", path.name
        judgements += 1
    assert judgements >= 5
