"""The texts of exercise 06: logins in a capture, the sessions of a server that was tested, an incident.

All are made from the draw alone, as the two ends would have said it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from random import Random
from typing import Any

from ....mail.relaying import CELLS
from .cast import people

WORDS = (
    "amber", "basket", "candle", "dragon", "ember", "falcon", "garden", "harbour", "island", "jacket",
    "kettle", "lantern", "meadow", "needle", "orchid", "pepper", "quartz", "ribbon", "saddle", "timber",
)  # fmt: skip

# What misleads people, by the cell that they got wrong.
MISREAD = {
    "local": "Not every refusal is the table's: `No such user here` is said after the table has said yes.",
    "elsewhere": "Who is inside is told by the address of the client, not by its EHLO or its MAIL FROM.",
    "authenticated": "Who has logged in is authenticated, wherever the client's address is from.",
    "outsider": "EHLO and MAIL FROM are the client's own words: they make nobody an insider.",
}


def password(rng: Random) -> str:
    """A password that somebody might have."""
    return f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{rng.randint(10, 99)}"


def base(text: str) -> str:
    """`text` in base64."""
    return base64.b64encode(text.encode()).decode()


def capture(rng: Random, domain: str, clients: list[str]) -> tuple[str, dict[str, Any]]:
    """Six logins at an old server that takes them in clear: the capture, and what it gives away."""
    plain, login, helper, office, wrong, scram = (f"{one}@{domain}" for one in people(rng, 6))
    secrets = [password(rng) for _ in range(5)]
    talks = [
        _plain(plain, secrets[0]),
        _login(login, secrets[1], "<-  235 2.7.0 Authentication successful"),
        _on_behalf(office, helper, secrets[2]),
        _login(wrong, secrets[3], "<-  535 5.7.8 Authentication failed"),
        _scram(rng, scram, secrets[4]),
        [" -> STARTTLS", "<-  220 2.0.0 Ready to start TLS", f"=== TLS: {rng.randint(9, 40)} records follow"],
    ]
    rng.shuffle(talks)
    said = [
        f"=== {client}:{rng.randint(40000, 60000)} connects to mail.{domain}:587\n" + "\n".join(talk)
        for client, talk in zip(clients, talks, strict=True)
    ]
    known = {
        "open": {plain: secrets[0], login: secrets[1], helper: secrets[2]},
        "office": office,
        "wrong": wrong,
        "scram": scram,
    }
    return "\n\n".join(said) + "\n", known


def _plain(account: str, secret: str) -> list[str]:
    answer = base("\0".join(("", account, secret)))
    return [f" -> AUTH PLAIN {answer}", "<-  235 2.7.0 Authentication successful"]


def _on_behalf(office: str, helper: str, secret: str) -> list[str]:
    answer = base(f"{office}\0{helper}\0{secret}")
    return [" -> AUTH PLAIN", "<-  334 ", f" -> {answer}", "<-  235 2.7.0 Authentication successful"]


def _login(account: str, secret: str, end: str) -> list[str]:
    name, word = base("Username:"), base("Password:")
    return [
        " -> AUTH LOGIN",
        f"<-  334 {name}",
        f" -> {base(account)}",
        f"<-  334 {word}",
        f" -> {base(secret)}",
        end,
    ]


def _scram(rng: Random, account: str, secret: str) -> list[str]:
    """A whole SCRAM-SHA-256 exchange, with the proofs that belong to this password (RFC 5802 §3)."""
    ours, theirs, salt = (rng.randbytes(12) for _ in range(3))
    nonce = base64.b64encode(ours).decode()
    both = nonce + base64.b64encode(theirs).decode()
    first = f"n={account},r={nonce}"
    challenge = f"r={both},s={base64.b64encode(salt).decode()},i=4096"
    message = f"{first},{challenge},c=biws,r={both}".encode()
    salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, 4096)
    key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
    server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
    last = "v=" + base64.b64encode(server).decode()
    return [
        f" -> AUTH SCRAM-SHA-256 {base('n,,' + first)}",
        f"<-  334 {base(challenge)}",
        f" -> {base(f'c=biws,r={both},p={proof}')}",
        f"<-  334 {base(last)}",
        " -> ",
        "<-  235 2.7.0 Authentication successful",
    ]


def too_many(account: str, known: dict[str, Any]) -> str:
    """Why this account does not belong into the answer."""
    if account == known["wrong"]:
        return "One login was answered 535: what was sent there opens nothing."
    if account == known["scram"]:
        return "SCRAM-SHA-256 does not send the password, so nobody has read it."
    if account == known["office"]:
        return "The first field of PLAIN says on whose behalf. The password belongs to the second."
    return "An account is named that no login in the capture opened."


# the sessions of a server that somebody tested -----------------------------------------------------------


def sessions(rng: Random, firm: str, user: str, clients: list[str]) -> tuple[dict[str, str], dict[str, bool]]:
    """What a server is, and six sessions with it: one for each cell of its table."""
    inside = f"10.{rng.randint(0, 250)}.{rng.randint(0, 250)}"
    answers = rng.sample([True, False] * 3, 6)  # as many of each, so that one word for all says nothing
    table = {f"{who} to {where}": yes for (who, where), yes in zip(CELLS, answers, strict=True)}
    other = f"{people(rng, 1)[0]}@elsewhere.example"
    there = {"local": user, "elsewhere": other}
    talks = []
    for cell, yes in table.items():
        who, _, where = cell.partition(" to ")
        address = f"{inside}.{rng.randint(10, 250)}" if who == "inside" else clients.pop()
        if who == "authenticated" and rng.random() < 0.5:
            address = f"{inside}.{rng.randint(10, 250)}"
        reply = "<-  250 2.1.5 Recipient OK" if yes else _no(where)
        to = there[where]
        if yes and where == "local" and rng.random() < 0.6:
            to, reply = f"info{rng.randint(1, 99)}@{firm}", "<-  550 5.1.1 No such user here"
        talks.append(_talk(who, address, firm, user, to, reply))
    rng.shuffle(talks)
    about = f"mail.{firm} has the mailboxes of {firm}. It takes {inside}.0/24 for its own network."
    return {"server": about, "log": "\n\n".join(talks) + "\n"}, table


def _no(where: str) -> str:
    return "<-  554 5.7.1 Relay access denied" if where == "elsewhere" else "<-  554 5.7.1 Access denied"


def _talk(who: str, address: str, firm: str, user: str, to: str, reply: str) -> str:
    helo = f"desk.{firm}" if who == "outsider" else "client.example"
    login = ["=== TLS", " ~> AUTH PLAIN ********", "<~  235 2.7.0 Authentication successful"]
    said = [
        f"=== connection from {address}",
        f" -> EHLO {helo}",
        "<-  250 HELP",
        *(login if who == "authenticated" else []),
        f" -> MAIL FROM:<{user}>",
        "<-  250 2.1.0 Sender OK",
        f" -> RCPT TO:<{to}>",
        reply,
    ]
    if who == "authenticated":
        said[6:] = [line.replace(" -> ", " ~> ").replace("<-  ", "<~  ") for line in said[6:]]
    return "\n".join(said)


def incident(rng: Random, clerk: str, boss: str, address: str) -> str:
    """A message in somebody else's name, sent after a login."""
    firm = clerk.partition("@")[2]
    queue = f"{rng.getrandbits(40):010X}"
    return f"""Log of mail.{firm}:
  {queue}: client={address}, sasl_method=PLAIN, sasl_username={clerk}
  {queue}: from=<{clerk}>, to=<accounts@{firm}>, status=delivered

The message:
  Return-Path: <{clerk}>
  Received: from laptop.example ([{address}]) by mail.{firm} with ESMTPSA id {queue}
  From: {boss}
  To: accounts@{firm}
  Subject: Urgent: pay invoice {rng.randint(1000, 9999)} today
"""
