"""A learner's lines, said to a server of the lab: what it answered to each."""

from __future__ import annotations

from collections.abc import Iterable

from ...lab.client import Session
from ...mail.errors import LabError, ProtocolError
from ...mail.reply import Reply

MOST = 40  # lines; an answer needs a dozen


def replay(session: Session, lines: Iterable[str]) -> list[tuple[str, Reply | None]]:
    """Say the lines one by one: (line, reply) for each, None for a line of a message.

    After "STARTTLS" it goes on under TLS. It ends where the server closes the session, with what came until
    then.
    """
    said: list[tuple[str, Reply | None]] = []
    for line in list(lines)[:MOST]:
        try:
            reply = session.starttls() if line.strip().upper() == "STARTTLS" else session.send(line)
        except (LabError, ProtocolError):
            break
        said.append((line, reply))
    return said
