"""Who may send where through a server, and what that makes of it (RFC 2505 §2.1, RFC 5321 §3.6.2).

Three kinds of client, two kinds of recipient, six answers. Is this an open relay? The table alone does not
tell: networks that are too wide, or a gateway that every client seems to be, make a stranger one of your own.

It opens no connection and changes no server: a `Setting` is what one is told, or was found to do.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Literal

from .reply import Reply

Who = Literal["inside", "authenticated", "outsider"]
Where = Literal["local", "elsewhere"]
Cell = tuple[Who, Where]

WHO: tuple[Who, ...] = ("inside", "authenticated", "outsider")
WHERE: tuple[Where, ...] = ("local", "elsewhere")
CELLS: tuple[Cell, ...] = tuple(product(WHO, WHERE))

DENIED = Reply(554, "5.7.1", ("Relay access denied",))
# What Postfix says when its configuration ends in "defer": the client will ask again for days.
DEFERRED = Reply(454, "4.7.1", ("Relay access denied",))

MAIL_EXCHANGER: frozenset[Cell] = frozenset((who, "local") for who in WHO)
SUBMISSION: frozenset[Cell] = frozenset(cell for cell in CELLS if cell[0] != "outsider")


def kind(networks: tuple[str, ...], address: str, account: str) -> Who:
    """What kind of client this is: `account` is "" for one that has not logged in."""
    if account:
        return "authenticated"
    client = ip_address(address)
    return "inside" if any(client in ip_network(network) for network in networks) else "outsider"


@dataclass(frozen=True, slots=True)
class Client:
    """A host that plays one kind of client: where it connects from and to, and how it logs in.

    `account` is "" for one that does not log in; `starttls` says whether it starts TLS first. `welcome` is
    False for one that tries to log in where no AUTH is offered.
    """

    who: Who
    host: str
    address: str
    port: int
    sender: str
    account: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    welcome: bool = True

    def script(self, recipient: str) -> list[str]:
        """What it says to try a recipient, QUIT included: no message is sent."""
        hello = f"EHLO {self.host}"
        response = base64.b64encode(f"\0{self.account}\0{self.password}".encode()).decode()
        return [
            hello,
            *(["STARTTLS", hello] if self.starttls else []),
            *([f"AUTH PLAIN {response}"] if self.account else []),  # RFC 4616 §2
            f"MAIL FROM:<{self.sender}>",
            f"RCPT TO:<{recipient}>",
            "QUIT",
        ]


@dataclass(frozen=True, slots=True)
class Scene:
    """Who plays: the server, a client for each row, a recipient for each column.

    `networks` are the server's own; `gateway` is the address that every client would have behind NAT.
    """

    server: str
    clients: Mapping[Who, Client]
    recipients: Mapping[Where, str]
    networks: tuple[str, ...]
    gateway: str


@dataclass(frozen=True, slots=True)
class Setting:
    """How a server relays: the cells that it allows, the networks that it calls inside, how it refuses.

    `gateway` is the address that all its clients seem to have, or "" when it sees them as they are.
    """

    allowed: frozenset[Cell]
    inside: tuple[str, ...]
    denial: Reply = DENIED
    gateway: str = ""

    def switched(self, cell: Cell, allowed: bool) -> Setting:
        """The same with one answer changed."""
        return replace(self, allowed=self.allowed | {cell} if allowed else self.allowed - {cell})

    def taken_for(self, client: Client) -> Who:
        """What the server takes this client for."""
        return kind(self.inside, self.gateway or client.address, client.account)

    def lets(self, client: Client, where: Where) -> bool:
        """Whether this client's recipients there are accepted."""
        return (self.taken_for(client), where) in self.allowed


# Presets: what each makes of a setting, and in one sentence what it is.
PRESETS: dict[str, tuple[str, Callable[[Setting, Scene], Setting]]] = {
    "mail exchanger": (
        "A mail exchanger takes mail for its own users from anyone, and passes nothing on.",
        lambda now, scene: _preset(now, scene, MAIL_EXCHANGER),
    ),
    "submission server": (
        "A submission server sends anywhere for its own users, and takes nothing from strangers.",
        lambda now, scene: _preset(now, scene, SUBMISSION),
    ),
    "open relay": (
        "An open relay takes anything from anyone for anyone.",
        lambda now, scene: _preset(now, scene, frozenset(CELLS)),
    ),
    "the NAT trap": (
        "The table is right, but a gateway hides who calls, and the gateway counts as inside.",
        lambda now, scene: _trap(now, scene),
    ),
}


def _preset(now: Setting, scene: Scene, allowed: frozenset[Cell]) -> Setting:
    return Setting(allowed, scene.networks, now.denial)


def _trap(now: Setting, scene: Scene) -> Setting:
    """Trusting one's own network is right until a proxy or a container's gateway calls from it."""
    networks = scene.networks
    if kind(networks, scene.gateway, "") == "outsider":
        networks = (*networks, str(ip_network(scene.gateway)))
    return Setting(SUBMISSION | {("outsider", "local")}, networks, now.denial, scene.gateway)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a server is an open relay, and what that means in one sentence."""

    is_open: bool
    headline: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.headline}: {self.sentence}"


def judge(setting: Setting, scene: Scene) -> Judgement:
    """Is this an open relay? The scene's outsider stands for all strangers."""
    stranger = scene.clients["outsider"]
    if setting.lets(stranger, "elsewhere"):
        return Judgement(True, *_open(setting, stranger))
    reached = "strangers reach its own users and nobody else"
    if not setting.lets(stranger, "local"):
        reached = "strangers can send nothing here, so no mail comes in from outside"
    clients = (scene.clients[who] for who in WHO[:2])
    inside, logged_in = (client.welcome and setting.lets(client, "elsewhere") for client in clients)
    must = {
        (True, True): "who wants to send elsewhere must be inside or log in",
        (True, False): "only hosts inside may send elsewhere",
        (False, True): "who wants to send elsewhere must log in",
        (False, False): "nobody sends elsewhere through it",
    }
    return Judgement(False, "Not an open relay", f"{reached}; {must[inside, logged_in]}.")


def _open(setting: Setting, stranger: Client) -> tuple[str, str]:
    if setting.taken_for(stranger) == "outsider":
        return "Open relay", (
            "anyone may send anything to anyone through it, so spam leaves under its address, the address "
            "lands on blocklists, and mail of its own users is refused too."
        )
    if setting.gateway:
        why = f"every client seems to be {setting.gateway}, the gateway, and that counts as inside"
    else:
        why = f"the networks that it calls inside hold {stranger.address} too, a stranger"
    return "Open relay, though the table says no", f"{why}: anyone's mail is passed on like your own."
