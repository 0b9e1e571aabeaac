"""The client's side of SASL: what a mail program answers to each challenge (RFC 4954 §4).

Serves the lab's own `Session` and smtplib alike: `Credentials` is what `smtplib.SMTP.auth` calls an
authobject. SCRAM's cryptography is scramp's. It knows the four mechanisms that the lab's servers have.
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from hashlib import sha256
from typing import Any, overload

from ..mail.errors import LabError
from ..mail.mechanisms import Bearer, Gs2

Answers = Generator[str, bytes, None]  # the client's messages out, the server's challenges in
KNOWN = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "OAUTHBEARER")


class Credentials:
    """An account's name and its secret, ready to be told in one exchange with `mechanism`.

    `secret` is the password, for OAUTHBEARER the token. `host` and `port` are where the client connected
    to. Raises LabError for a mechanism that it does not know.
    """

    def __init__(
        self, mechanism: str, name: str, secret: str, *, host: str = "", port: int = 0, nonce: str = ""
    ) -> None:
        self.mechanism = mechanism.upper()
        if self.mechanism == "PLAIN":
            self._answers = _plain(name, secret)
        elif self.mechanism == "LOGIN":
            self._answers = _login(name, secret)
        elif self.mechanism == "SCRAM-SHA-256":
            self._answers = _scram(name, secret, nonce)
        elif self.mechanism == "OAUTHBEARER":
            self._answers = _bearer(name, secret, host, port)
        else:
            raise LabError(f"There is no client for {mechanism!r} here. There are: {', '.join(KNOWN)}.")
        self._begun = False

    @overload
    def __call__(self, challenge: None = None) -> str | None: ...

    @overload
    def __call__(self, challenge: bytes) -> str: ...

    def __call__(self, challenge: bytes | None = None) -> str | None:
        """The answer to a challenge; without one, what the client says first: None when it waits to be asked.

        Raises LabError when the server says what the mechanism does not allow, or can't prove who it is.
        """
        if challenge is None and self.mechanism == "LOGIN":
            return None
        try:
            answer = self._answers.send(challenge or b"") if self._begun else next(self._answers)
        except StopIteration:
            raise LabError(f"The server asks for more than {self.mechanism} has to say.") from None
        self._begun = True
        return answer


def nonce(seed: str) -> str:
    """The client's part of a nonce (RFC 5802 §5.1), the same for the same seed."""
    # Lab: two runs say the same; elsewhere nobody may foresee it.
    return base64.b64encode(sha256(seed.encode()).digest()[:18]).decode()


def _plain(name: str, password: str) -> Answers:
    yield f"\0{name}\0{password}"


def _login(name: str, password: str) -> Answers:
    yield name
    yield password


def _scram(name: str, password: str, own_nonce: str) -> Answers:
    from scramp import ScramClient, ScramException  # type: ignore[import-untyped]  # 40 ms, seldom used

    client: Any = ScramClient(["SCRAM-SHA-256"], name, password, c_nonce=own_nonce or None)
    try:
        client.set_server_first((yield client.get_client_first()).decode("utf-8", "replace"))
        client.set_server_final((yield client.get_client_final()).decode("utf-8", "replace"))
    except ScramException as error:
        raise LabError(f"The server's SCRAM message does not hold: {error.args[0]}.") from None
    yield ""


def _bearer(name: str, token: str, host: str, port: int) -> Answers:
    where = (("host", host), ("port", str(port))) if host else ()
    yield Bearer(Gs2("n", name), (*where, ("auth", f"Bearer {token}"))).format().decode()
    yield "\x01"  # the server has said what is wrong: let it end the exchange (RFC 7628 §3.2.3)
