"""What someone who listens to a login learns when there is no TLS (RFC 4954 §9, RFC 5802 §9, RFC 6750 §1.2).

`knows` says it for people. `guess` does what a listener would do with SCRAM: try passwords until one
gives the proof that was sent. It needs SCRAM's arithmetic for that (RFC 5802 §3), from hashlib; the lab's
logins use a library.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable

from .errors import RecordError
from .line import HIDDEN
from .mechanisms import Bearer, Plain, Scram
from .sasl_exchange import Login, readable
from .transcript import Side
from .verdict import Step

MOST_ITERATIONS = 1_000_000  # a challenge may demand any number: more is not tried here

_HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}


def knows(login: Login, secrets: bool = False) -> Step:
    """What a listener without TLS knows after this login."""
    what, parts = _LEARNS.get(login.mechanism, _of_another)(login, secrets)
    covers = {
        True: Step("TLS", "this login was under TLS, so on the path all of it was ciphertext"),
        False: Step("no TLS", "this login was in clear: whoever listened has it now", "", "RFC 8314 §3"),
        None: Step("TLS", "only TLS keeps a listener from it: base64 is no encryption"),
    }
    ref = "RFC 4954 §9"
    return Step("a listener without TLS", what, "", ref, (*parts, covers[login.tls]))


def _of_plain(login: Login, secrets: bool) -> tuple[str, tuple[Step, ...]]:
    try:
        plain = Plain.parse(login.message(Side.CLIENT, 1) or b"")
    except RecordError:
        return "knows whatever the client has sent", ()
    return _everything(login, plain.account, plain.password, secrets)


def _of_login(login: Login, secrets: bool) -> tuple[str, tuple[Step, ...]]:
    answers = [turn for turn in login.turns if turn.side is Side.CLIENT and turn.nth]
    names = [readable(turn.data or b"") for turn in answers if login.is_name(turn)]
    passwords = [readable(turn.data or b"") for turn in answers if not login.is_name(turn)]
    return _everything(login, " ".join(names), " ".join(passwords), secrets)


def _everything(login: Login, name: str, password: str, secrets: bool) -> tuple[str, tuple[Step, ...]]:
    shown = password if secrets or not password else HIDDEN
    parts = (Step(name or "(nothing)", "the account"), Step(shown or "(nothing)", "the password itself"))
    if login.code == 235:
        return "knows everything, and can log in from now on", parts
    return "knows all that was tried", parts


def _of_scram(login: Login, secrets: bool) -> tuple[str, tuple[Step, ...]]:
    try:
        first = Scram.parse(login.message(Side.CLIENT, 1) or b"", "nr", header=True)
        server = Scram.parse(login.message(Side.SERVER, 1) or b"", "rsi")
    except RecordError:
        return "knows what was said so far, and no password", ()
    has_proof = login.message(Side.CLIENT, 2) is not None
    guessing = "with the proof, each word of a list can be tried on one's own machine: a weak password falls"
    parts = (
        Step(first.account, "the account"),
        Step(server.get("r"), "both nonces, of no use another time: the exchange cannot be replayed"),
        Step(f"s={server.get('s')} i={server.get('i')}", "the salt and the iterations"),
        *((Step("guessing", guessing, "", "RFC 5802 §9"),) if has_proof else ()),
    )
    return "does not know the password", parts


def _of_bearer(login: Login, secrets: bool) -> tuple[str, tuple[Step, ...]]:
    try:
        bearer = Bearer.parse(login.message(Side.CLIENT, 1) or b"")
    except RecordError:
        return "knows whatever the client has sent", ()
    shown = bearer.token if secrets or not bearer.token else HIDDEN
    parts = (
        Step(bearer.header.authorization or "(not said)", "the account"),
        Step(shown or "(nothing)", "the token itself: whoever has it may use it, until it expires",
             "", "RFC 6750 §1.2"),
        Step("the password", "was not said, and no token leads back to it"),
    )  # fmt: skip
    if login.code == 235:
        return "knows the token, and can log in until it expires", parts
    return "knows the token that was tried", parts


def _of_another(login: Login, secrets: bool) -> tuple[str, tuple[Step, ...]]:
    return "knows all that was said; what that is worth, the mechanism decides", ()


_LEARNS: dict[str, Callable[[Login, bool], tuple[str, tuple[Step, ...]]]] = {
    "PLAIN": _of_plain,
    "LOGIN": _of_login,
    "SCRAM-SHA-1": _of_scram,
    "SCRAM-SHA-256": _of_scram,
    "OAUTHBEARER": _of_bearer,
}


def guess(login: Login, words: Iterable[str]) -> str | None:
    """The first of `words` that gives the proof in this exchange, None when none does or there is no proof.

    Words are taken as they are: SASLprep changes none that is in ASCII (RFC 5802 §2.2).
    """
    name = _HASHES.get(login.mechanism)
    said = [login.message(side, nth) or b"" for side, nth in _FIRST_THREE]
    if not name:
        return None
    try:
        first = Scram.parse(said[0], "nr", header=True)
        server, last = Scram.parse(said[1], "rsi"), Scram.parse(said[2], "crp")
        salt = base64.b64decode(server.get("s"), validate=True)
        proof = base64.b64decode(last.get("p"), validate=True)
    except (RecordError, binascii.Error):
        return None
    rounds = server.get("i")
    if not re.fullmatch(r"[0-9]{1,7}", rounds) or not 0 < int(rounds) <= MOST_ITERATIONS:
        return None
    bare = said[0][-len(",".join(f"{letter}={value}" for letter, value in first.attributes).encode()) :]
    signed = b",".join((bare, said[1], said[2][: said[2].rindex(b",p=")]))
    return next((word for word in words if _proof(name, word, salt, int(rounds), signed) == proof), None)


_FIRST_THREE = ((Side.CLIENT, 1), (Side.SERVER, 1), (Side.CLIENT, 2))


def _proof(name: str, password: str, salt: bytes, rounds: int, signed: bytes) -> bytes:
    """ClientKey XOR ClientSignature (RFC 5802 §3)."""
    salted = hashlib.pbkdf2_hmac(name, password.encode(), salt, rounds)
    key = hmac.digest(salted, b"Client Key", name)
    signature = hmac.digest(hashlib.new(name, key).digest(), signed, name)
    return bytes(a ^ b for a, b in zip(key, signature, strict=True))
