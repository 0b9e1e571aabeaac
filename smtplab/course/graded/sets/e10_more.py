"""The worlds of exercise 10: keys, letters and what became of them. All keys are Ed25519 (RFC 8463 §3)."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ....auth import dkim
from ....auth.dkim.canonical import Form
from .cast import people

Records = dict[str, dict[str, list[str]]]
WORDS = ("good", "footer", "space", "header", "key", "expired")
TOPICS = ("Tea at five", "The new timetable", "Minutes of the meeting", "Your order", "Choir on Friday",
          "Keys for the shed", "Train to the coast", "A question about bread")  # fmt: skip
LINES = ("the kettle is in the kitchen", "please bring your own cup", "we begin when everybody is there",
         "the list hangs by the door", "nobody has to stay until the end", "it will rain in the evening",
         "there is room for two more", "the bill comes next week", "ask Rosa for the number")  # fmt: skip
FOOTERS = ("The list of trees", "Checked for viruses", "Sent with a free account")
SELECTORS = ("s1", "mail", "k7", "autumn", "key2", "post", "main", "d1", "blue", "x26")


def new_key(rng: Random) -> Ed25519PrivateKey:
    """A private key that the same `rng` makes again."""
    return Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))


def letter(rng: Random, domain: str, when: datetime) -> str:
    """A letter from somebody at `domain`, with CR LF line ends."""
    writer, reader = people(rng, 2)
    fields = (
        f"From: {writer}@{domain}",
        f"To: {reader}@birch.example",
        f"Subject: {rng.choice(TOPICS)}",
        f"Date: {format_datetime(when)}",
        f"Message-ID: <{rng.getrandbits(48):x}@{domain}>",
    )
    body = [f"Dear {reader},", *rng.sample(LINES, 3), writer]
    return "\r\n".join([*fields, "", *body, ""])


def signed(
    text: str,
    key: Ed25519PrivateKey,
    place: tuple[str, str],
    when: datetime,
    form: Form = "relaxed",
    expires: datetime | None = None,
) -> str:
    """The letter with its signature on top; `place` is the selector and the domain."""
    selector, domain = place
    field = dkim.sign(
        text.encode(), domain=domain, selector=selector, key=key, canonicalization=(form, form),
        now=when, expires=expires,
    )  # fmt: skip
    return field.decode() + text


def start(rng: Random) -> datetime:
    """A moment of the world's autumn, in whole minutes."""
    return datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(60 * 24 * 40))


def travelled(
    rng: Random, domains: list[str], now: datetime
) -> tuple[dict[str, Any], Records, dict[str, str]]:
    """Six letters as sent and as received: one is good, and the others broke each in its own way."""
    dns: Records = {}
    letters, truth = {}, {}
    for name, word, domain in zip("ABCDEF", rng.sample(WORDS, 6), domains, strict=True):
        when = now - timedelta(hours=rng.randint(30, 60))
        key, selector = new_key(rng), rng.choice(SELECTORS)
        life = timedelta(hours=24 if word == "expired" else 240)
        form: Form = "simple" if word == "space" else "relaxed"
        text = letter(rng, domain, when)
        sent = signed(text, key, (selector, domain), when, form, when + life)
        published = new_key(rng) if word == "key" else key
        dns[f"{selector}._domainkey.{domain}"] = {"TXT": [dkim.record(published)]}
        letters[name] = {"sent": sent, "received": _on_the_way(rng, word, sent, when)}
        truth[name] = word
    return letters, dns, truth


def _on_the_way(rng: Random, word: str, sent: str, when: datetime) -> str:
    """What a relay and perhaps a list made of a letter. The relay changes white space in all of them."""
    head, _, body = sent.partition("\r\n\r\n")
    if word == "header":
        old, new = rng.choice([("Subject: ", "Subject: [trees] "), ("To: ", "To: trees@list.example, ")])
        head = head.replace(f"\r\n{old}", f"\r\n{new}")
    lines = body.split("\r\n")
    if rng.random() < 0.5:
        head = head.replace("\r\nSubject: ", "\r\nSubject:   ")
    else:
        at = rng.randint(1, 3)
        lines[at] = lines[at].replace(" ", "  ", 1) + " "
    body = "\r\n".join(lines)
    if word == "footer":
        body += f"-- \r\n{rng.choice(FOOTERS)}\r\n"
    trace = f"Received: from relay.example by mx.birch.example\r\n with ESMTPS; {format_datetime(when)}\r\n"
    return f"{trace}{head}\r\n\r\n{body}"


def misprinted(rng: Random, domain: str, now: datetime) -> tuple[dict[str, Any], Records]:
    """A good key whose record was copied wrongly, and a letter that was signed with it."""
    key, selector = new_key(rng), rng.choice(SELECTORS)
    right = dkim.record(key)
    public = right.partition("p=")[2]
    text = rng.choice([
        right.replace("k=ed25519; ", ""),
        right.replace("k=ed25519", "k=rsa"),
        right.replace(public, f"{public[:20]}-{public[20:]}"),
        right.replace("v=DKIM1", "v=DKIM2"),
        right.replace("p=", "s=web; p="),
        right.replace("p=", "t=y; p="),
    ])  # fmt: skip
    name = rng.choice(
        [f"{selector}.{domain}", f"_domainkey.{selector}.{domain}", f"{selector}.domainkey.{domain}"]
    )
    thing = {
        "domain": domain,
        "selector": selector,
        "public": public,
        "published": {name: text},
        "message": signed(letter(rng, domain, now), key, (selector, domain), now),
    }
    return thing, {name: {"TXT": [text]}}


def unsigned(rng: Random, domain: str, now: datetime) -> tuple[dict[str, Any], Records]:
    """A letter, and a key to sign it with."""
    seed, selector = rng.randbytes(32), rng.choice(SELECTORS)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    thing = {
        "domain": domain,
        "selector": selector,
        "private": b64encode(seed).decode(),
        "message": letter(rng, domain, now),
    }
    return thing, {f"{selector}._domainkey.{domain}": {"TXT": [dkim.record(key)]}}


def rotation(rng: Random, domain: str, now: datetime) -> dict[str, Any]:
    """What somebody knows who plans to change keys: the hours that things take, and a letter of each key."""
    names = rng.sample(SELECTORS, 2)
    hours = {"refresh": rng.randint(2, 12), "negative": rng.randint(1, 6)}
    queue, slack = rng.randrange(72, 121, 6), rng.randint(1, 4)
    plan: dict[str, Any] = {
        "domain": domain,
        **hours,
        "ttl": rng.choice([24, 36, 48]),
        "queue": queue,
        "deadline": sum(hours.values()) + queue + slack,
    }
    for which, selector in zip(("old", "new"), names, strict=True):
        key = new_key(rng)
        plan[which] = {
            "name": f"{selector}._domainkey.{domain}",
            "record": dkim.record(key),
            "letter": signed(letter(rng, domain, now), key, (selector, domain), now),
        }
    return plan
