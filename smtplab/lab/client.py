"""Session: a raw SMTP client for the learner's own hands, and the stock smtplib dialled through the lab.

A `Session` sends what it is told, right or wrong, and returns the replies: it corrects nothing, so
that every mistake gets the server's own answer. It blocks, and belongs to one thread at a time.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Callable

from ..mail.certificate import Certificate
from ..mail.errors import LabError
from ..mail.reply import Reply, ReplyReader
from ..mail.session import State, after
from ..mail.text import encode, visible
from ..mail.transcript import Transcript
from .credentials import Credentials, nonce
from .raw import Dial, Raw


class Session(Raw):
    """One connection to an SMTP server. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        sock: socket.socket,
        host: str,
        context: ssl.SSLContext,
        transcript: Callable[[], Transcript | None],
        *,
        greeting: bool = True,
    ) -> None:
        super().__init__(sock, host, context, transcript)
        self.state = State.START
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self.replies: list[Reply] = []  # all that were read, the greeting first
        self.greeting: Reply | None = None
        if greeting:
            try:
                self.greeting = self.read()
            except BaseException:
                self._sock.close()
                raise

    def send(self, line: str | bytes) -> Reply | None:
        """Send one line with CRLF, and return the server's reply.

        None for a line of content: after 354 the server says nothing until the line with only a dot.
        What stands in `line` is sent as it is, so a line with a dot at its start is not stuffed here.
        Raises LabError when the server has closed the session or does not answer.
        """
        data = encode(line) if isinstance(line, str) else line
        in_content = self.state is State.DATA
        verb = "." if in_content else data.split(b" ", 1)[0].decode("ascii", "replace").upper()
        self.write(data + b"\r\n")
        if in_content and data != b".":
            return None
        reply = self.read()
        self.state = after(self.state, verb, reply.code, last=data.upper().endswith(b" LAST"))
        if self.state is State.CLOSED:
            self._see_off()
        return reply

    def say(self, *steps: str | bytes) -> list[Reply]:
        """Send one step after the other, and return their replies.

        A string is a line, as in `send`; "STARTTLS" goes on under TLS when the server agrees; bytes are
        a message for after DATA, as in `data`.
        """
        replies = []
        for step in steps:
            if isinstance(step, bytes):
                reply: Reply | None = self.data(step)
            else:
                reply = self.starttls() if step.strip().upper() == "STARTTLS" else self.send(step)
            replies += [reply] if reply else []
        return replies

    def pipeline(self, *lines: str | bytes) -> list[Reply]:
        """Send several commands in one go, then read their replies in order (RFC 2920 §3.1)."""
        data = [encode(line) if isinstance(line, str) else line for line in lines]
        self.write(b"".join(line + b"\r\n" for line in data))
        replies = []
        for line in data:
            replies.append(self.read())
            verb = line.split(b" ", 1)[0].decode("ascii", "replace").upper()
            self.state = after(self.state, verb, replies[-1].code)
        return replies

    def data(self, message: str | bytes) -> Reply:
        """Send a message after 354: line ends made CRLF, dots stuffed, the final dot added.

        Returns the reply to the message (RFC 5321 §4.1.1.4, §4.5.2).
        """
        content = encode(message) if isinstance(message, str) else message
        lines = content.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
        self.write(b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines))
        reply = self.send(".")
        assert reply is not None
        return reply

    def chunk(self, data: bytes, *, last: bool = False) -> Reply:
        """Send `data` with BDAT, exactly as it is (RFC 3030 §2)."""
        self.write(f"BDAT {len(data)}{' LAST' if last else ''}\r\n".encode() + data)
        reply = self.read()
        self.state = after(self.state, "BDAT", reply.code, last=last)
        return reply

    def starttls(self) -> Reply:
        """Send STARTTLS and, after 220, go on under TLS, checking the certificate.

        Raises ssl.SSLCertVerificationError when the certificate does not hold. A session that was opened
        with `check=False` takes any.
        """
        reply = self.send("STARTTLS")
        assert reply is not None
        if reply.code == 220:
            self._reader, self._replies = ReplyReader(), deque()  # RFC 3207 §4.2: forget what came in clear
            self._secure()
        return reply

    def auth(self, mechanism: str, name: str, secret: str, *, initial: bool = True) -> Reply:
        """Log in as `name`, and return the last reply. `secret` is the password, for OAUTHBEARER the token.

        With `initial=False` even a mechanism that could begin at once waits for the first challenge. Raises
        LabError when the server of a SCRAM exchange can't prove that it knows the password.
        """
        transcript = self.transcript
        own_nonce = nonce(f"{self.host} {transcript.number} {len(self.replies)}")
        port = transcript.server.port
        answer = Credentials(mechanism, name, secret, host=self.host, port=port, nonce=own_nonce)
        first = answer() if initial else None
        reply = self.send(
            f"AUTH {answer.mechanism}" + (f" {_base64(first) or '='}" if first is not None else "")
        )
        while reply and reply.code == 334:
            reply = self.send(_base64(answer(_unbase64(reply))))
        assert reply
        return reply

    def ask_for_certificate(self) -> Certificate:
        """The server's certificate, for which STARTTLS is sent when TLS is not there yet.

        Raises LabError when the server has none to show.
        """
        if self.certificate is None:
            reply = self.say("EHLO visitor.example", "STARTTLS")[-1]
            if self.certificate is None:
                raise LabError(f"{self.host} shows no certificate here. It said: {visible(str(reply))}.")
        assert self.certificate
        return self.certificate

    def write(self, data: bytes) -> None:
        """Send octets as they are: no line end is added and no reply is read."""
        try:
            self._sock.sendall(data)
        except OSError:
            if not self._drained():
                raise self._closed() from None

    def read(self) -> Reply:
        """The next reply. Raises LabError when the server has hung up or stays silent."""
        while not self._replies:
            data = self._heard()
            if not data:
                raise self._closed()
            self._replies.extend(self._reader.feed(data))
        self.replies.append(self._replies.popleft())
        return self.replies[-1]

    def _see_off(self) -> None:
        """Wait, a second at most, until the server has hung up as it said: the transcript has it then."""
        self._sock.settimeout(1)
        with contextlib.suppress(OSError):
            while self._sock.recv(65536):
                pass
            if isinstance(self._sock, ssl.SSLSocket):  # the server waits for our farewell before it hangs up
                self._sock = self._sock.unwrap()
                self._sock.recv(1)

    def _drained(self) -> bool:
        """True when the server said something before it hung up: `read` will return it."""
        with contextlib.suppress(OSError):
            self._replies.extend(self._reader.feed(self._sock.recv(65536)))
        return bool(self._replies)

    def _closed(self) -> LabError:
        self.state = State.CLOSED
        return super()._closed()


def _base64(answer: str | None) -> str:
    return base64.b64encode((answer or "").encode()).decode()


def _unbase64(reply: Reply) -> bytes:
    try:
        return base64.b64decode(reply.text, validate=True)
    except binascii.Error:
        raise LabError(f"The server's challenge is not base64: {visible(reply.text)}") from None


class LabSMTP(smtplib.SMTP):
    """The standard library's client. Only the way it gets its socket is the lab's."""

    def __init__(self, host: str, port: int, *, dial: Dial, context: ssl.SSLContext, source: str) -> None:
        self._dial = dial
        self._context = context
        super().__init__(host, port, local_hostname=source, timeout=30)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = self._dial(host, port)
        sock.settimeout(timeout)
        return sock

    # Only `context` is left of the stock arguments in Python 3.12.
    def starttls(self, *, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:  # type: ignore[override]
        """As smtplib's, but trusting the lab's CA unless told otherwise."""
        return super().starttls(context=context or self._context)


class LabSMTPS(LabSMTP):
    """The same with implicit TLS, as smtplib.SMTP_SSL does."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)
