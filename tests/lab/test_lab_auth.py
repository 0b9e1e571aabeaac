"""Logging in to the lab: every mechanism against independent clients, tokens and the clock, who guesses."""

from __future__ import annotations

import base64
import itertools
import json
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scramp import ScramClient, ScramException

from smtplab.lab import accounts as accounts_module
from smtplab.lab import sasl
from smtplab.lab.accounts import Account, Accounts, Failures
from smtplab.lab.client import Session
from smtplab.lab.credentials import Credentials, nonce
from smtplab.lab.lab import Lab
from smtplab.lab.queue import SmartHost
from smtplab.mail.errors import LabError
from smtplab.mail.path import Path
from smtplab.mail.reply import Reply
from smtplab.mail.sasl import explain, guess

MSA = "mail.acorn.example"
ALICE, PASSWORD = "alice@acorn.example", "wonderland"
MESSAGE = "From: alice@acorn.example\nTo: bob@birch.example\nSubject: hello\n\nHello\n"
EVERY = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "OAUTHBEARER")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def session(lab: Lab) -> Iterator[Session]:
    """Alice's session with her submission server, under TLS and after EHLO."""
    with connect(lab) as session:
        yield session


def connect(lab: Lab, source: str = "alice.home.example") -> Session:
    session = lab.connect(MSA, 465, source)
    session.send("EHLO alice.home.example")
    return session


def plain(password: str, name: str = ALICE) -> str:
    return "AUTH PLAIN " + base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def challenge(reply: Reply | None) -> str:
    assert reply
    assert reply.code == 334
    return base64.b64decode(reply.text, validate=True).decode()


# the mechanisms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("mechanism", EVERY)
def test_every_mechanism(lab: Lab, session: Session, mechanism: str, initial: bool) -> None:
    secret = lab.token(ALICE) if mechanism == "OAUTHBEARER" else PASSWORD
    reply = session.auth(mechanism.lower(), ALICE, secret, initial=initial)
    assert (reply.code, reply.enhanced) == (235, "2.7.0")
    assert session.send("MAIL FROM:<alice@acorn.example>").code == 250
    assert explain(session.transcript).result == "pass"
    assert session.transcript.text().count("[hidden]") == {"LOGIN": 1, "SCRAM-SHA-256": 2}.get(mechanism, 1)


@pytest.mark.parametrize("mechanism", EVERY)
def test_a_wrong_secret(lab: Lab, session: Session, mechanism: str) -> None:
    reply = session.auth(mechanism, ALICE, "looking-glass")
    assert (reply.code, reply.enhanced) == (535, "5.7.8")
    assert session.send("MAIL FROM:<alice@acorn.example>").code == 530
    assert explain(session.transcript).result == "fail"


@pytest.mark.parametrize("mechanism", EVERY[:3])
def test_an_account_that_is_not_there_gets_the_same_reply(session: Session, mechanism: str) -> None:
    assert session.auth(mechanism, "nobody@acorn.example", PASSWORD) == session.auth(mechanism, ALICE, "x")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("initial", [True, False])
def test_smtplib(lab: Lab, mechanism: str, initial: bool) -> None:
    with lab.smtp(MSA) as client:
        client.starttls()
        client.ehlo()
        client.user, client.password = ALICE, PASSWORD
        method = getattr(client, f"auth_{mechanism.lower()}")
        assert client.auth(mechanism, method, initial_response_ok=initial)[0] == 235


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "OAUTHBEARER"])
@pytest.mark.parametrize("initial", [True, False])
def test_smtplib_with_credentials(lab: Lab, mechanism: str, initial: bool) -> None:
    """smtplib knows neither; its `auth` takes them from the lab's client."""
    secret = lab.token(ALICE) if mechanism == "OAUTHBEARER" else PASSWORD
    with lab.smtp(MSA) as client:
        client.starttls()
        client.ehlo()
        answers = Credentials(mechanism, ALICE, secret)
        assert client.auth(mechanism, answers, initial_response_ok=initial)[0] == 235
        assert client.sendmail(ALICE, ["bob@birch.example"], MESSAGE) == {}
    with lab.smtp_ssl(MSA) as client, pytest.raises(smtplib.SMTPAuthenticationError, match=r"5\.7\.8"):
        client.ehlo()
        client.auth(mechanism, Credentials(mechanism, ALICE, "x"), initial_response_ok=initial)


def test_the_clients_of_a_lab_are_known_by_their_mechanisms(session: Session) -> None:
    with pytest.raises(LabError, match="There are: PLAIN, LOGIN, SCRAM-SHA-256, OAUTHBEARER"):
        session.auth("CRAM-MD5", ALICE, PASSWORD)


def test_a_mechanism_that_the_lab_knows_and_the_server_does_not(lab: Lab, session: Session) -> None:
    lab.mta(MSA).mechanisms = ["PLAIN"]
    assert session.auth("SCRAM-SHA-256", ALICE, PASSWORD).code == 504


# SCRAM --------------------------------------------------------------------------------------------


def scram_first(session: Session, client: ScramClient) -> str:
    """Begin an exchange; the server's first message."""
    return challenge(session.send(f"AUTH SCRAM-SHA-256 {b64(client.get_client_first())}"))


def test_scram_with_a_client_library(session: Session) -> None:
    client = ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD)
    client.set_server_first(scram_first(session, client))
    client.set_server_final(challenge(session.send(b64(client.get_client_final()))))
    assert str(session.send("")) == "235 2.7.0 Authentication successful"


def test_scram_by_the_example_of_its_rfc() -> None:
    """RFC 7677 §3, to the octet."""
    store = Accounts(Random(1), lambda: datetime(2026, 3, 2, tzinfo=UTC))
    store.add("user", "pencil")
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    own_salt, *_ = store.keys("user")
    store._keys_of_nobody = lambda name: (salt, b"", b"", 4096)  # type: ignore[method-assign]
    store._keys.clear()
    store.nonce = lambda: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"  # type: ignore[method-assign]
    assert own_salt != salt
    steps = sasl.exchange("SCRAM-SHA-256", store)
    assert next(steps) == b""
    assert steps.send(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO") == (
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    proof = (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert steps.send(proof) == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    with pytest.raises(StopIteration) as done:
        steps.send(b"")
    assert done.value.value == "user"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda last, first: last, 334),
        (lambda last, first: last.replace("c=biws", "c=eSws"), 535),  # another header than before
        (lambda last, first: last.replace("r=", "r=x", 1), 535),
        (lambda last, first: last.replace(f"r={first}", "r="), 501),
        (lambda last, first: last.replace(first, first[:-1]), 535),
        (lambda last, first: last.replace("p=", "x=extension,p="), 535),  # not what was signed
        (lambda last, first: last[:-5] + "AAA=", 535),
        (lambda last, first: last.rpartition(",")[0] + ",p=" + b64("short"), 535),
        (lambda last, first: last.rpartition(",")[0] + ",p=not!base64", 535),
        (lambda last, first: last + ",x=1", 501),
        (lambda last, first: last.rpartition(",")[0], 501),
        (lambda last, first: last.replace("c=biws,", ""), 501),
        (lambda last, first: last + "\0", 501),
        (lambda last, first: "", 501),
    ],
    ids=itertools.count(),
)
def test_a_last_message_that_was_meddled_with(session: Session, change, code: int) -> None:
    client = ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD)
    server_first = scram_first(session, client)
    client.set_server_first(server_first)
    both = server_first.split(",")[0].removeprefix("r=")
    reply = session.send(b64(change(client.get_client_final(), both)))
    assert reply
    assert reply.code == code
    if code == 334:
        assert session.send("*") == sasl.CANCELLED  # at the last moment, and the session goes on
    assert session.send("NOOP").code == 250
    assert session.send("MAIL FROM:<alice@acorn.example>").code == 530


def test_a_proof_is_of_no_use_another_time(lab: Lab, session: Session) -> None:
    client = ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD)
    client.set_server_first(scram_first(session, client))
    proof = b64(client.get_client_final())
    assert session.send(proof).code == 334
    with connect(lab) as mallory:
        first = f"n,,n={ALICE},r={client.c_nonce}"
        assert mallory.send(f"AUTH SCRAM-SHA-256 {b64(first)}").code == 334
        assert mallory.send(proof).code == 535


def test_after_the_servers_proof_comes_nothing_more(session: Session) -> None:
    client = ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD)
    client.set_server_first(scram_first(session, client))
    session.send(b64(client.get_client_final()))
    reply = session.send(b64("more"))
    assert (reply.code, reply.text) == (501, "After the server's proof comes an empty line, or *")


def test_a_server_that_does_not_know_the_password_is_found_out() -> None:
    answers = Credentials("SCRAM-SHA-256", ALICE, PASSWORD, nonce="abc")
    assert answers() == f"n,,n={ALICE},r=abc"
    assert answers(b"r=abcdef,s=" + base64.b64encode(bytes(16)) + b",i=4096").startswith("c=biws,r=abcdef,p=")
    with pytest.raises(LabError, match=r"The server's SCRAM message does not hold: .*signature"):
        answers(b"v=" + base64.b64encode(bytes(32)))


@pytest.mark.parametrize(
    "first",
    [
        b"", b"r=xyzdef,s=AAAAAAAAAAAAAAAAAAAAAA==,i=4096", b"r=abc,s=AAAAAAAAAAAAAAAAAAAAAA==,i=4096",
        b"r=abcdef,s=AAAAAAAAAAAAAAAAAAAAAA==,i=99999999999", b"r=abcdef,s=AAAAAAAAAAAAAAAAAAAAAA==,i=1",
        b"r=abcdef,s=AAAAAAAAAAAAAAAAAAAAAA==,i=-4096", b"r=abcdef,s=!,i=4096", b"\xff", b"e=other-error",
    ],
)  # fmt: skip
def test_a_client_of_a_hostile_server(first: bytes) -> None:
    answers = Credentials("SCRAM-SHA-256", ALICE, PASSWORD, nonce="abc")
    answers()
    with pytest.raises(LabError, match="does not hold"):
        answers(first)


def test_a_server_that_asks_too_much() -> None:
    answers = Credentials("PLAIN", ALICE, PASSWORD)
    assert answers() == f"\0{ALICE}\0{PASSWORD}"
    with pytest.raises(LabError, match="asks for more than PLAIN has to say"):
        answers(b"more")


def test_an_account_that_is_not_there_has_a_salt_too(lab: Lab) -> None:
    """Always the same, as a real one: else two tries would tell (RFC 5802 §9)."""
    salts = {ALICE: set(), "nobody@acorn.example": set(), "none@acorn.example": set()}
    for name in [*salts, *salts]:
        with connect(lab) as session:
            first = scram_first(session, ScramClient(["SCRAM-SHA-256"], name, PASSWORD))
            salts[name].add(first.split(",", 1)[1])
    assert [len(found) for found in salts.values()] == [1, 1, 1]
    assert len(set.union(*salts.values())) == 3
    assert all(len(next(iter(found))) == len(next(iter(salts[ALICE]))) for found in salts.values())
    assert lab.mta(MSA).accounts._keys.keys() == {ALICE}  # nothing is kept for names that someone tries


def test_a_changed_password_makes_other_keys(lab: Lab, session: Session) -> None:
    store = lab.mta(MSA).accounts
    before = store.keys(ALICE)
    assert store.keys(ALICE) is before
    store.change(ALICE, password="through the looking-glass")
    assert store.keys(ALICE)[1] != before[1]
    assert session.auth("SCRAM-SHA-256", ALICE, PASSWORD).code == 535
    assert session.auth("SCRAM-SHA-256", ALICE, "through the looking-glass").code == 235


@pytest.mark.parametrize("password", ["pässwörd", "ﬁ", " ", "a=b,c", "密码", "x" * 1000])
@pytest.mark.parametrize("mechanism", EVERY[:3])
def test_passwords_beyond_ascii(lab: Lab, session: Session, mechanism: str, password: str) -> None:
    lab.mta(MSA).accounts.add("ünsal,=@acorn.example", password)
    assert session.auth(mechanism, "ünsal,=@acorn.example", password).code == 235


def test_a_password_that_saslprep_forbids_opens_nothing_with_scram(lab: Lab, session: Session) -> None:
    lab.mta(MSA).accounts.change(ALICE, password="a\x07b")
    client = ScramClient(["SCRAM-SHA-256"], ALICE, "ab")
    client.set_server_first(scram_first(session, client))
    assert session.send(b64(client.get_client_final())).code == 535
    assert session.auth("PLAIN", ALICE, "a\x07b").code == 235


def test_an_account_without_a_password(lab: Lab, session: Session) -> None:
    lab.mta(MSA).accounts.add("robot@acorn.example", "")
    client = ScramClient(["SCRAM-SHA-256"], "robot@acorn.example", "")
    client.set_server_first(scram_first(session, client))
    assert session.send(b64(client.get_client_final())).code == 535
    assert session.auth("LOGIN", "robot@acorn.example", "").code == 535
    token = lab.token("robot@acorn.example")
    assert session.auth("OAUTHBEARER", "robot@acorn.example", token).code == 235


def test_what_a_listener_makes_of_scram(lab: Lab, session: Session) -> None:
    session.auth("SCRAM-SHA-256", ALICE, PASSWORD)
    assert guess(session.transcript, ["oak", "builder", PASSWORD]) == PASSWORD
    wire = b"".join(event.data for event in session.transcript.wire)
    assert b"AUTH" not in wire  # under TLS there was nothing to listen to


@pytest.mark.parametrize("mechanism", EVERY)
def test_the_wire_holds_no_secret_under_tls(lab: Lab, session: Session, mechanism: str) -> None:
    secret = lab.token(ALICE) if mechanism == "OAUTHBEARER" else PASSWORD
    session.auth(mechanism, ALICE, secret)
    wire = b"".join(event.data for event in session.transcript.wire)
    stored = json.dumps(session.transcript.to_dict())
    for said in (secret, b64(secret), plain(secret).split()[2], b64(f"n,a={ALICE}")[:20]):
        assert said.encode() not in wire
        assert said not in stored
        assert said not in session.transcript.text()
        assert said not in repr(session.transcript)


# tokens -------------------------------------------------------------------------------------------


def test_a_token_expires_by_the_labs_clock(lab: Lab, session: Session) -> None:
    token = lab.token(ALICE, hours=2)
    lab.clock.advance(hours=1, minutes=59)
    with connect(lab) as other:
        assert other.auth("OAUTHBEARER", ALICE, token).code == 235
    lab.clock.advance(minutes=1)
    with connect(lab) as other:
        assert other.auth("OAUTHBEARER", ALICE, token).code == 535
        assert '"status": "invalid_token"' in explain(other.transcript).text(1000)
        assert other.auth("OAUTHBEARER", ALICE, lab.token(ALICE)).code == 235


def test_a_token_is_for_one_account(lab: Lab, session: Session) -> None:
    lab.mta(MSA).accounts.add("carol@acorn.example", "tea")
    token = lab.token("carol@acorn.example")
    assert session.auth("OAUTHBEARER", ALICE, token).code == 535
    assert session.auth("PLAIN", ALICE, token).code == 535
    without_name = b64(f"n,,\x01auth=Bearer {token}\x01\x01")
    assert session.send(f"AUTH OAUTHBEARER {without_name}").code == 235
    lab.mta(MSA).check_senders = True
    assert session.send("MAIL FROM:<alice@acorn.example>").code == 553
    assert session.send("MAIL FROM:<carol@acorn.example>").code == 250


def test_a_token_dies_with_its_account(lab: Lab, session: Session) -> None:
    token = lab.token(ALICE)
    lab.mta(MSA).accounts.remove(ALICE)
    assert session.auth("OAUTHBEARER", ALICE, token).code == 535


def test_an_account_that_is_closed_while_it_logs_in(lab: Lab, session: Session) -> None:
    client = ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD)
    client.set_server_first(scram_first(session, client))
    assert session.send(b64(client.get_client_final())).code == 334
    lab.mta(MSA).accounts.remove(ALICE)
    assert session.send("").code == 535


def test_a_token_works_where_it_was_issued(lab: Lab) -> None:
    with lab.connect("out.relay.example", 465) as session:
        session.send("EHLO alice.home.example")
        assert session.auth("OAUTHBEARER", ALICE, lab.token(ALICE)).code == 535
        token = lab.token("acorn@relay.example")
        assert session.auth("OAUTHBEARER", "acorn@relay.example", token).code == 235


def test_nobody_to_issue_a_token_for(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"no account 'mallory' in the lab\. There are: alice@acorn\."):
        lab.token("mallory")


def test_two_labs_issue_the_same_tokens(lab: Lab) -> None:
    with Lab() as other, Lab(seed=2) as another:
        assert (token := lab.token(ALICE)) == other.token(ALICE)
        assert token not in (another.token(ALICE), lab.token(ALICE), other.token(ALICE))
        with connect(lab) as one, connect(other) as two:
            for session in (one, two):
                session.auth("SCRAM-SHA-256", ALICE, PASSWORD)
            assert one.transcript.text(secrets=True) == two.transcript.text(secrets=True)


# accounts -----------------------------------------------------------------------------------------

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def store() -> Accounts:
    store = Accounts(Random(1), lambda: START)
    store.add(ALICE, PASSWORD)
    return store


def test_accounts(store: Accounts) -> None:
    carol = store.add("carol@acorn.example", "tea", senders=("@acorn.example",))
    assert store["carol@acorn.example"] is carol
    assert (list(store), len(store)) == ([ALICE, "carol@acorn.example"], 2)
    assert "carol@acorn.example" in store
    assert store.change(ALICE, password="x") == Account(ALICE, "x")
    store.remove(ALICE)
    assert ALICE not in store
    with pytest.raises(LabError, match=r"no account 'alice@acorn\.example' here\. There are: carol@"):
        store[ALICE]
    with pytest.raises(LabError, match="There is no account"):
        store.change(ALICE, password="y")
    with pytest.raises(LabError, match="There is no account"):
        store.issue(ALICE, timedelta(hours=1))


@pytest.mark.parametrize(
    ("senders", "path", "owns"),
    [
        (None, "<alice@acorn.example>", True), (None, "<ALICE@ACORN.EXAMPLE>", True), (None, "<>", True),
        (None, "<alice@acorn.example.example>", False), (None, "<bob@acorn.example>", False),
        ((), "<alice@acorn.example>", False), ((), "<>", True),
        (("@oak.example",), "<x@oak.example>", True), (("@oak.example",), "<x@sub.oak.example>", False),
        (("@oak.example",), "<alice@acorn.example>", False),
        (("Team@Oak.example", "alice@acorn.example"), "<team@oak.EXAMPLE>", True),
    ],
)  # fmt: skip
def test_who_owns_an_address(senders: tuple[str, ...] | None, path: str, owns: bool) -> None:
    assert Account(ALICE, PASSWORD, senders).owns(Path.parse(path)) is owns


def test_old_tokens_are_forgotten(store: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "MOST_TOKENS", 3)
    tokens = [store.issue(ALICE, timedelta(hours=1)) for _ in range(5)]
    assert [store.token_owner(token) for token in tokens] == ["", "", ALICE, ALICE, ALICE]
    store.issue(ALICE, timedelta(0))
    assert len(store._tokens) == 3


def test_failures_are_counted_by_address_and_time() -> None:
    failures = Failures()
    for minute in (0, 5, 9):
        failures.note("192.0.2.1", START + timedelta(minutes=minute))
    failures.note("192.0.2.2", START)
    assert failures.count("192.0.2.1", START - timedelta(minutes=1)) == 3
    assert failures.count("192.0.2.1", START) == 2
    assert failures.count("192.0.2.1", START + timedelta(minutes=9)) == 0
    assert failures.count("192.0.2.3", START - timedelta(days=1)) == 0
    failures.forgive("192.0.2.1")
    failures.forgive("192.0.2.9")
    assert len(failures) == 1


def test_failures_take_no_more_memory_than_they_may() -> None:
    failures = Failures()
    for number in range(3000):
        failures.note(f"2001:db8::{number:x}", START)
    for _ in range(500):
        failures.note("192.0.2.1", START)
    assert len(failures) == accounts_module.MOST_ADDRESSES
    assert sum(map(len, failures._times.values())) <= accounts_module.MOST_ADDRESSES + Failures.MOST
    assert failures.count("2001:db8::0", START - timedelta(1)) == 0
    assert failures.count("192.0.2.1", START - timedelta(1)) == Failures.MOST


# who guesses --------------------------------------------------------------------------------------


def test_it_is_the_failures_that_lock_out(lab: Lab) -> None:
    with connect(lab) as session:
        for _ in range(5):
            assert session.send("AUTH PLAIN !!!!").code == 501
            assert session.send("AUTH XYZZY").code == 504
        assert session.send(plain("a")).code == 535
        assert session.send(plain("b")).code == 535
    with connect(lab) as session:
        assert session.send(plain(PASSWORD)).code == 235  # which takes none of the failures away
    with connect(lab) as session:
        assert session.send(plain("c")).code == 421
    with lab.connect(MSA, 465) as session:
        assert (
            str(session.greeting) == "421 4.7.0 mail.acorn.example closes the session: too many failed logins"
        )


@pytest.mark.parametrize("mechanism", EVERY)
def test_every_mechanism_counts(lab: Lab, mechanism: str) -> None:
    with connect(lab) as session:
        codes = [session.auth(mechanism, ALICE, f"guess-{number}").code for number in range(3)]
        assert codes == [535, 535, 421]
        with pytest.raises(LabError, match="closed"):
            session.send("NOOP")


def test_cancelling_does_not_save_a_guess(lab: Lab) -> None:
    with connect(lab) as session:
        bad = "AUTH OAUTHBEARER " + b64("n,,\x01auth=Bearer guess\x01\x01")
        for _ in range(2):
            assert session.send(bad).code == 334
            assert session.send("*").code == 501
        assert session.send(bad).code == 421


def test_many_connections_at_once_do_not_help(lab: Lab) -> None:
    """Twenty sessions that wait in the middle of AUTH have three guesses together."""
    sessions = [connect(lab) for _ in range(20)]
    for session in sessions:
        assert session.send("AUTH LOGIN " + b64(ALICE)).code == 334
    codes = [session.send(b64(f"guess {number}")).code for number, session in enumerate(sessions[:-1])]
    right = sessions[-1].send(b64(PASSWORD))
    for session in sessions:
        session.close()
    assert codes == [535, 535] + [421] * 17
    assert right
    assert right.code == 421


def test_others_are_not_locked_out(lab: Lab) -> None:
    lab.mta(MSA).limits.bad_passwords = 1
    with connect(lab) as session:
        assert session.send(plain("a")).code == 421
    with connect(lab, "bob.birch.example") as session:
        assert session.send(plain(PASSWORD)).code == 235
    with lab.connect(MSA, 25, "bob.birch.example") as session:
        assert session.greeting
        assert session.greeting.code == 220


def test_who_shares_an_address_shares_the_lock(lab: Lab) -> None:
    """It goes by the address: behind a NAT one guesser locks everybody out."""
    with connect(lab, "visitor.example") as mallory:
        for password in "abc":
            mallory.send(plain(password))
    with lab.connect(MSA, 465, "visitor.example") as neighbour:
        assert neighbour.greeting
        assert neighbour.greeting.code == 421
    lab.mta(MSA).failures.forgive("203.0.113.200")
    with connect(lab, "visitor.example") as neighbour:
        assert neighbour.send(plain(PASSWORD)).code == 235


def test_the_limits_are_for_lessons_to_change(lab: Lab) -> None:
    limits = lab.mta(MSA).limits
    limits.bad_passwords, limits.bad_password_window = 2, 60.0
    with connect(lab) as session:
        assert [session.send(plain(word)).code for word in "ab"] == [535, 421]
    lab.clock.advance(seconds=59)
    with lab.connect(MSA, 465) as session:
        assert session.greeting
        assert session.greeting.code == 421
    limits.bad_passwords = 0
    with connect(lab) as session:
        assert [session.send(plain(word)).code for word in "abcdef"] == [535] * 6
    limits.bad_passwords = 2
    lab.clock.advance(seconds=61)
    with connect(lab) as session:
        assert session.send(plain(PASSWORD)).code == 235


# the lab's own programs ---------------------------------------------------------------------------


@pytest.mark.parametrize("mechanisms", [*([mechanism] for mechanism in EVERY), list(reversed(EVERY))])
def test_alices_program_copes_with_what_is_offered(lab: Lab, mechanisms: list[str]) -> None:
    lab.mta(MSA).mechanisms = mechanisms
    delivery = lab.submit(MESSAGE)
    assert delivery.result == "delivered"
    assert len(lab.mailbox("bob@birch.example")) == 1


def test_alices_program_takes_a_stronger_mechanism_when_told_to(lab: Lab) -> None:
    lab.mta(MSA).accounts.change(ALICE, mechanisms=("SCRAM-SHA-256",))
    delivery = lab.submit(MESSAGE)
    assert delivery.result == "delivered"
    assert [step.result for step in explain(delivery.transcript).steps] == ["fail", "fail", "pass"]
    lab.mta(MSA).accounts.change(ALICE, mechanisms=("EXTERNAL",))
    assert lab.submit(MESSAGE).reply.code == 534


def test_alices_program_and_a_wrong_password(lab: Lab) -> None:
    lab.mta(MSA).accounts.change(ALICE, password="changed")
    delivery = lab.submit(MESSAGE)
    assert (delivery.result, delivery.reply.code) == ("failed", 535)
    assert delivery.transcript.text().count("AUTH PLAIN [hidden]") == 1
    assert lab.submit(MESSAGE).reply.code == 535
    assert lab.submit(MESSAGE).reply.code == 421
    with pytest.raises(LabError, match=r"refuses the connection: 421 4\.7\.0 .* Let time pass"):
        lab.submit(MESSAGE)
    lab.mta(MSA).accounts.change(ALICE, password=PASSWORD)
    lab.clock.advance(minutes=15)
    assert lab.submit(MESSAGE).result == "delivered"


def test_alices_program_when_accounts_are_away(lab: Lab) -> None:
    lab.mta(MSA).accounts_down = True
    assert lab.mta(MSA).accounts_down
    assert lab.submit(MESSAGE).reply == sasl.DOWN
    lab.mta(MSA).accounts_down = False
    assert lab.submit(MESSAGE).result == "delivered"


@pytest.mark.parametrize(("mechanisms", "said"), [(["NTLM", "XYZZY"], "NTLM XYZZY"), ([], "nothing")])
def test_alices_program_finds_no_way_in(lab: Lab, mechanisms: list[str], said: str) -> None:
    lab.mta(MSA).mechanisms = mechanisms
    with pytest.raises(LabError, match=f"offers no way to log in: AUTH has {said}"):
        lab.submit(MESSAGE)


def test_the_queue_logs_in_at_the_smart_host(lab: Lab) -> None:
    queue = lab.mta(MSA).queue
    queue.smart_host = SmartHost("out.relay.example", 587, "acorn@relay.example", "oak")
    delivery = lab.submit(MESSAGE)
    assert delivery.result == "delivered"
    assert delivery.path[1] == (MSA, "out.relay.example")
    assert explain(delivery.transcripts[1]).result == "pass"
    assert "oak" not in delivery.transcripts[1].text()


def test_the_smart_host_has_a_sender_map_too(lab: Lab) -> None:
    queue, relay = lab.mta(MSA).queue, lab.mta("out.relay.example")
    queue.smart_host = SmartHost("out.relay.example", 587, "acorn@relay.example", "oak")
    relay.check_senders = True
    assert lab.submit(MESSAGE).result == "failed"
    relay.accounts.change("acorn@relay.example", senders=("@acorn.example",))
    assert lab.submit(MESSAGE).result == "delivered"


# anything -----------------------------------------------------------------------------------------

_responses = st.one_of(
    st.binary(max_size=60),
    st.text("n,yp=arsicve\x01\0AuthBearer 1é", max_size=60).map(str.encode),
    st.sampled_from(
        [b"n,,n=alice@acorn.example,r=abc", b"n,,n=a,r=\xc3\xa9", b"c=biws,r=abc,p=AAAA", b"\1", b"\0a\0b",
         b"n,,\1auth=Bearer abc\1\1", b"n,,n=" + b"=2C" * 3000 + b",r=x", b"r" * 10_000,
         "n,,n=\u2028,r=x".encode(), "n,,n=\ufdfa,r=x".encode(), b"n,,n=a,r=b," + b",".join([b"x=1"] * 500)],
    ),
)  # fmt: skip


@settings(deadline=None)
@given(responses=st.lists(_responses, min_size=1, max_size=4))
@pytest.mark.parametrize("mechanism", EVERY)
def test_any_response_ends_in_an_account_or_a_reply(mechanism: str, responses: list[bytes]) -> None:
    store = Accounts(Random(1), lambda: START)
    store.add(ALICE, PASSWORD)
    steps = sasl.exchange(mechanism, store)
    assert isinstance(next(steps), bytes)
    try:
        for response in responses:
            assert isinstance(steps.send(response), bytes)
    except sasl.Failed as failed:
        assert failed.reply.code in (501, 535)
        assert Reply.parse(failed.reply.format()).code == failed.reply.code
    except StopIteration:
        pytest.fail("logged in without the password")


def test_nonces_differ() -> None:
    assert nonce("a") == nonce("a") != nonce("b")
    ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD, c_nonce=nonce("a"))
    with pytest.raises(ScramException):
        ScramClient(["SCRAM-SHA-256"], ALICE, PASSWORD, c_nonce="a,b")
