"""The clients of exercise 04: their settings, tried for real in a lab, alone and with Mallory on the wire."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Literal

from ....lab.client import LabSMTP, LabSMTPS
from ....lab.hosts import Host, Rule
from ....mail.errors import LabError
from ....mail.text import visible
from ..mark import Mark, mark
from ..world import World
from .cast import people

PROVIDER, RELAY, EXCHANGER = "mail.acorn.example", "out.relay.example", "mx.birch.example"
ACCOUNTS = {PROVIDER: ("alice@acorn.example", "wonderland"), RELAY: ("acorn@relay.example", "oak")}
ADDRESSES = {PROVIDER: "192.0.2.10", RELAY: "203.0.113.9"}
PORTS = (25, 465, 587)
TLS = ("none", "if offered", "starttls", "implicit")
SURE = ("none", "starttls", "implicit")  # what a client does, whatever it is offered
OFFICE = "shop.client.example"  # where the program runs
RECIPIENT = "bob@birch.example"
PATIENCE = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client is set to. `account` is "" for one that does not log in."""

    host: str
    port: int
    tls: str
    check: bool
    account: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """What became of an attempt: whether a recipient was taken, whether that was under TLS, and why."""

    sent: bool
    tls: bool
    why: str


class _Brief(LabSMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(host, port, PATIENCE)


class _BriefTls(LabSMTPS):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(host, port, PATIENCE)


# what is drawn -------------------------------------------------------------------------------------------


def drawn(rng: Random, at: list[str]) -> dict[str, Any]:
    """Four clients, each with its server and the ports that its network swallows."""
    hotel, firm, server, customer = people(rng, 4)
    told = {
        hotel: (PROVIDER, [25, 587], "A mail program on a laptop. The hotel lets out 80, 443, 465 and 993."),
        firm: (PROVIDER, [25, 465], "A script that mails reports. The firm's firewall lets out 443 and 587."),
        server: (EXCHANGER, [], "A mail server with a queue. Its server here is the recipient's exchanger."),
        customer: (RELAY, [25], "A small mail server, a customer of this relay. Its network swallows 25."),
    }  # fmt: skip
    names = list(told)
    rng.shuffle(names)
    return {
        name: {"what": told[name][2], "server": told[name][0], "closed": told[name][1], "address": at[n]}
        for n, name in enumerate(names)
    }


def program(rng: Random, at: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A program with wrong settings, what is known about it, and what would be right."""
    server = rng.choice((PROVIDER, RELAY))
    domain = server.partition(".")[2]
    account, password = f"{people(rng, 1)[0]}@{domain}", f"till-{rng.randint(1000, 9999)}"
    wrong = {
        "host": rng.choice((ADDRESSES[server], EXCHANGER)),
        "port": rng.choice((25, 465)),
        "tls": rng.choice(("if offered", "none")),
        "check": False,
    }
    reports = [
        f"The provider of {domain}: our submission server is {server}, and so says its certificate.",
        "The shop's firewall lets out 443 and 587. Everything else is swallowed.",
        "Somebody has switched the check of the certificate off, because there was an error about a name.",
        "The shop uses the network of a shopping centre. Nobody knows who listens there, or changes things.",
    ]
    things = {"program": {**wrong, "account": account, "password": password}, "reports": reports}
    return {**things, "shop": {"address": at, "lets": 587}}, {"server": server}


def move_in(lab: Any, world: World) -> None:
    """The clients' hosts with their firewalls, and the program's account at its provider."""
    places = {
        f"{name}.client.example": (one["address"], one["closed"]) for name, one in world.clients.items()
    }
    shop = world.shop
    places[OFFICE] = (shop["address"], [port for port in PORTS if port != shop["lets"]])
    for name, (address, closed) in places.items():
        lab.network.add(Host(name, (address,)))
        for port in closed:
            lab.network.rules.append(Rule(f"{address}/32", port, "swallow", "this network swallows it"))
    account, password = world.program["account"], world.program["password"]
    server = PROVIDER if account.endswith("@acorn.example") else RELAY
    lab.mta(server).accounts.add(account, password)


# what is answered ----------------------------------------------------------------------------------------


def unfit(given: list[Any]) -> str:
    """Why this is no [port, tls, login], or ""."""
    if len(given) != 3 or given[0] not in PORTS or given[1] not in SURE or type(given[2]) is not bool:
        return f"For each client give [port, tls, login]: one of {PORTS}, one of {SURE}, and True or False."
    return ""


def settings(answer: dict[str, Any]) -> tuple[Settings | None, str]:
    """The settings that `answer` has, or why a program cannot read them."""
    kinds = {"host": str, "port": int, "tls": str, "check": bool, "account": str, "password": str}
    for name, kind in kinds.items():
        if type(answer.get(name)) is not kind:
            return None, f'It needs "{name}", as it stands in world.program.'
    if answer["tls"] not in TLS:
        return None, f'"tls" is one of {", ".join(TLS)}.'
    return Settings(**{name: answer[name] for name in kinds}), ""


# what comes of it ----------------------------------------------------------------------------------------


def attempt(lab: Any, source: str, way: Settings) -> End:
    """One session with these settings, up to the reply to RCPT."""
    kind = _BriefTls if way.tls == "implicit" else _Brief
    context, host = lab.tls_context(way.check), way.host.strip().lower()
    dial = partial(lab.network.dial, source)
    try:
        if way.tls != "implicit" and waits_for_tls(lab, source, host, way.port):
            raise TimeoutError("timed out")
        client = kind(host, way.port, dial=dial, context=context, source=source)
    except (OSError, LabError, ValueError) as error:
        return End(False, False, failed(error, way))
    with contextlib.closing(client):
        try:
            return _speak(client, way)
        except (OSError, ValueError) as error:
            return End(False, False, failed(error, way))


def waits_for_tls(lab: Any, source: str, host: str, port: int) -> bool:
    """Whether a client that begins in clear would wait in vain: so nobody has to wait and see.

    Raises what dialling raises: a firewall comes first.
    """
    lab.network.dial(source, host, port).close()
    return lab.network.tap(host, port).tls is not None


def _speak(client: LabSMTP, way: Settings) -> End:
    client.ehlo()
    if way.tls == "starttls" or (way.tls == "if offered" and client.has_extn("starttls")):
        code, words = client.starttls()
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
    if way.account:
        client.login(way.account, way.password)
    client.ehlo_or_helo_if_needed()
    code, words = client.mail(way.account or "postmaster@acorn.example")
    if code == 250:
        code, words = client.rcpt(RECIPIENT)
    tls = isinstance(client.sock, ssl.SSLSocket)
    said = f"The server said {code} {visible(words.decode('utf-8', 'replace'))}."
    return End(code == 250, tls, said)


def failed(error: Exception, way: Settings) -> str:
    """What went wrong, in words for whoever set the client up."""
    told = visible(str(error))[:160] or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate does not hold: {told}."
    if isinstance(error, ssl.SSLError):
        return f"TLS came too early for port {way.port}, which begins in clear: {told}."
    if isinstance(error, TimeoutError) and "no answer" in told:
        return f"Nothing came back: this network swallows port {way.port}."
    if isinstance(error, smtplib.SMTPServerDisconnected | TimeoutError):
        return f"Connected, and no greeting: port {way.port} waits for TLS first."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{told} Is a login, or TLS, to be had on this port, in this order?"
    return f"{type(error).__name__}: {told}."


def robbed(lab: Any, way: Settings, sends: bool, *, code: Literal[454, 502]) -> Mark:
    """The mark for a program that does not go on in clear when STARTTLS is taken away."""
    what, ref = "it stops when STARTTLS is taken away", "RFC 3207 §6"
    if not sends:
        return mark(what, 1, 0, "It does not send at all, so this could not be tried.", ref)
    with _mallory(lab, way) as mallory:
        mallory.strip_starttls(way.host.strip().lower(), way.port, code=code, onward=True)
        end = attempt(lab, OFFICE, way)
    if end.sent and not end.tls:
        return mark(
            what, 1, 0, "Mallory took the offer out, and it logged in, in clear: the password is hers.", ref
        )
    return mark(what, 1, 1, "Mallory got nothing.", ref)


def deceived(lab: Any, way: Settings, sends: bool, *, kind: Any) -> Mark:
    """The mark for a program that looks at the certificate."""
    what, ref = "it stops when somebody else answers", "RFC 7817"
    if not sends:
        return mark(what, 1, 0, "It does not send at all, so this could not be tried.", ref)
    with _mallory(lab, way) as mallory:
        mallory.impersonate(way.host.strip().lower(), way.port, kind=kind)
        end = attempt(lab, OFFICE, way)
    why = "Mallory's certificate was refused."
    if end.sent:
        why = "Mallory answered under TLS with a certificate of her own, and was told the password."
    return mark(what, 1, not end.sent, why, ref)


@contextlib.contextmanager
def _mallory(lab: Any, way: Settings) -> Any:
    try:
        yield lab.mallory
    finally:
        lab.mallory.stop()
