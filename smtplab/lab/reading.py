"""Raw POP3 and IMAP sessions for the learner's own hands, and the stock poplib and imaplib through the lab.

The raw ones send what they are told, right or wrong, and return what the server says. They block, and belong
to one thread at a time.
"""

from __future__ import annotations

import contextlib
import imaplib
import poplib
import socket
import ssl
from typing import Any

from ..mail.certificate import Certificate
from ..mail.errors import LabError
from ..mail.imap import Answer, AnswerReader
from ..mail.pop3 import Command, Response, ResponseReader, State, after
from ..mail.text import encode
from .raw import Dial, Raw


class _Reading(Raw):
    """What POP3 and IMAP sessions have in common."""

    def write(self, data: bytes) -> None:
        """Send octets as they are: no line end is added and nothing is read."""
        with contextlib.suppress(OSError):  # `_more` says that it is over
            self._sock.sendall(data)

    def _more(self) -> bytes:
        """What comes next. Raises LabError when the server has hung up or stays silent."""
        data = self._heard()
        if not data:
            raise self._closed()
        return data

    def starttls(self) -> Response | Answer:
        """Ask to go on under TLS, and do so when the server agrees."""
        raise NotImplementedError

    def ask_for_certificate(self) -> Certificate:
        """The server's certificate, for which TLS is begun when it is not there yet. Raises LabError."""
        if self.certificate is None:
            answer = self.starttls()
            if self.certificate is None:
                raise LabError(f"{self.host} shows no certificate here. It said: {answer}.")
        assert self.certificate
        return self.certificate


class PopSession(_Reading):
    """One connection to a POP3 server. `state` is where the session stands, by `mail.pop3`'s table."""

    def __init__(self, *arguments: Any, greeting: bool = True) -> None:
        super().__init__(*arguments)
        self.state = State.AUTHORIZATION
        self._reader = ResponseReader()
        self.greeting: Response | None = self.read() if greeting else None

    def send(self, line: str | bytes) -> Response:
        """Send one line with CRLF, and return the response, with all its lines. Raises LabError."""
        data = encode(line) if isinstance(line, str) else line
        command = Command.parse(data)
        self.write(data + b"\r\n")
        response = self.read(command.several_lines)
        self.state = after(self.state, command.verb, response.ok)
        return response

    def say(self, *lines: str) -> list[Response]:
        """Send one line after the other, and return the responses. "STLS" goes on under TLS."""
        return [self.starttls() if line.strip().upper() == "STLS" else self.send(line) for line in lines]

    def starttls(self) -> Response:
        """Send STLS and, after +OK, go on under TLS, checking the certificate (RFC 2595 §4)."""
        response = self.send("STLS")
        if response.ok:
            self._reader = ResponseReader()
            self._secure()
        return response

    def read(self, several_lines: bool = False) -> Response:
        """The next response. Raises LabError when the server has hung up or stays silent."""
        while (response := self._reader.next(several_lines)) is None:
            self._reader.feed(self._more())
        return response


class ImapSession(_Reading):
    """One connection to an IMAP server. A line is sent as it is, so it begins with a tag: "a1 NOOP"."""

    def __init__(self, *arguments: Any, greeting: bool = True) -> None:
        super().__init__(*arguments)
        self._reader = AnswerReader()
        self._tag = ""  # of the command that is not answered yet
        self.greeting: Answer | None = Answer((self.read(),)) if greeting else None

    def send(self, line: str | bytes) -> Answer:
        """Send one line with CRLF, and return all that the server says up to the answer with the same tag.

        A "+" ends it too: what is sent next is then no command but what the server waits for (the answer of
        AUTHENTICATE, the octets of a literal, DONE after IDLE). Raises LabError.
        """
        data = encode(line) if isinstance(line, str) else line
        self._tag = self._tag or data.split(b" ", 1)[0].decode("ascii", "replace")
        self.write(data + b"\r\n")
        lines = [self.read()]
        while not self._ends(lines[-1]):
            lines.append(self.read())
        if not lines[-1].startswith(b"+"):
            self._tag = ""
        return Answer(tuple(lines))

    def _ends(self, line: bytes) -> bool:
        return line.startswith((self._tag.encode() + b" ", b"+")) or line[:6].upper() == b"* BAD "

    def say(self, *lines: str) -> list[Answer]:
        """Send one line after the other, and return the answers. "a1 STARTTLS" goes on under TLS."""
        return [
            self.starttls(line) if line.upper().endswith(" STARTTLS") else self.send(line) for line in lines
        ]

    def starttls(self, line: str = "tls STARTTLS") -> Answer:
        """Send STARTTLS and, after OK, go on under TLS, checking the certificate."""
        answer = self.send(line)
        if answer.ok:
            self._reader = AnswerReader()
            self._secure()
        return answer

    def read(self) -> bytes:
        """The next line that the server says, a literal kept in it. Raises LabError when none comes."""
        while (line := self._reader.next()) is None:
            self._reader.feed(self._more())
        return line


class LabPOP3(poplib.POP3):
    """The standard library's client. Only the way it gets its socket is the lab's."""

    def __init__(self, host: str, port: int, *, dial: Dial, context: ssl.SSLContext, implicit: bool) -> None:
        self._dial, self._context, self._implicit = dial, context, implicit
        super().__init__(host, port, timeout=30)

    def _create_socket(self, timeout: float) -> socket.socket:
        return _socket(self, timeout)

    def stls(self, context: ssl.SSLContext | None = None) -> bytes:
        """As poplib's, but trusting the lab's CA unless told otherwise."""
        return super().stls(context or self._context)


class LabIMAP4(imaplib.IMAP4):
    """The standard library's client. Only its tags and the way it gets its socket are the lab's."""

    # imaplib draws it by lot; here two labs say the same.
    tagpre = property(lambda self: b"A", lambda self, value: None)

    def __init__(self, host: str, port: int, *, dial: Dial, context: ssl.SSLContext, implicit: bool) -> None:
        self._dial, self._context, self._implicit = dial, context, implicit
        super().__init__(host, port, timeout=30)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _socket(self, timeout)

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """As imaplib's, but trusting the lab's CA unless told otherwise."""
        return super().starttls(ssl_context or self._context)


def _socket(client: LabPOP3 | LabIMAP4, timeout: float | None) -> socket.socket:
    sock = client._dial(client.host, client.port)
    sock.settimeout(timeout)
    return client._context.wrap_socket(sock, server_hostname=client.host) if client._implicit else sock
