"""`--live-dns`: what does the DNS say now to the questions that nothing at hand answers?

The one place of smtplab that asks a name server outside the lab, and only where somebody asks for it by name.
It asks the system's resolver, says so beforehand, and stops after so many questions and seconds: whoever
wrote the message has chosen the names. A question that gets no answer stays unknown; SERVFAIL is an answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import dns.exception
import dns.rcode
import dns.resolver

from .auth.answers import Answers
from .mail.route import Question

MOST_QUESTIONS = 60
MOST_SECONDS = 40.0  # for all of them
PATIENCE = 4.0  # seconds for one

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,253}")  # other names are left to whoever reads the commands
F = TypeVar("F")


class LiveDns:
    """Asks, and keeps in `asked` what it has asked. `tell` is given each sentence for the screen.

    Raises dns.resolver.NoResolverConfiguration where this machine has no resolver.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._resolver = system()
        self._tell = tell
        self._until = time.monotonic() + MOST_SECONDS
        self.asked: list[Question] = []

    def complete(
        self,
        at_hand: Answers,
        judge: Callable[[Answers], F],
        missing: Callable[[F], Iterable[Question]],
    ) -> F:
        """What `judge` makes of the answers at hand and of those that are asked for, as long as something is
        missing. What is at hand is never asked, and counts."""
        live = Answers()
        found = judge(at_hand)
        while wanted := self._wanted(missing(found)):
            for question in wanted:
                live += self._ask(question)
            found = judge(live + at_hand)
        return found

    def _wanted(self, missing: Iterable[Question]) -> list[Question]:
        if time.monotonic() > self._until:
            return []
        room = MOST_QUESTIONS - len(self.asked)
        new = [one for one in dict.fromkeys(missing) if one not in self.asked and _PLAIN.fullmatch(one.name)]
        return new[:room]

    def _ask(self, question: Question) -> Answers:
        """What the resolver says to one question: no answers at all where it says nothing."""
        if not self.asked:
            self._tell("Asking this system's resolver for what is not at hand.")
        self.asked.append(question)
        left = min(PATIENCE, self._until - time.monotonic())
        if left <= 0:
            return Answers()
        self._tell(f"asked: {question.rdtype} {question.name}")
        name, rdtype = question.name.lower().removesuffix("."), question.rdtype.upper()
        try:
            answer = self._resolver.resolve(f"{name}.", rdtype, search=False, lifetime=left)
        except dns.resolver.NXDOMAIN:
            return Answers(empty={(name, ""): ("no such name", "")})
        except dns.resolver.NoAnswer:
            return Answers(empty={(name, rdtype): ("no data", "")})
        except dns.resolver.NoNameservers as error:
            failed = Answers(empty={(name, rdtype): ("no answer", "SERVFAIL")})
            return failed if _is_servfail(error) else Answers()
        except (dns.exception.DNSException, OSError):
            return Answers()
        return Answers({(name, rdtype): tuple(answer)})


def system() -> dns.resolver.Resolver:
    """The resolver that this machine is set up with."""
    return dns.resolver.Resolver()


def _is_servfail(error: dns.resolver.NoNameservers) -> bool:
    """Whether a server said that it failed; another may not have answered at all."""
    responses = [one[4] for one in error.kwargs.get("errors", ())]
    return any(one is not None and one.rcode() == dns.rcode.SERVFAIL for one in responses)
