"""The client in a "from" clause: what it called itself, its address, and that address's name apart.

Which word is the claim and which the evidence? Programs put the three in different places, and some leave
out one that equals another. The words are collected here; `settle` gives them their parts, by the dialect.

    from HELO (RDNS [IP])           Postfix, Sendmail and most others
    from RDNS ([IP] helo=HELO)      Exim; without "helo=" the two were the same
    from RDNS (HELO HELO) (IP)      qmail; without "HELO" the two were the same
"""

from __future__ import annotations

import re

from ..hosts import Address
from .addresses import address
from .draft import Draft
from .lexer import Token, inside
from .record import Span

# What stands where a name would, when the address has none.
NAMELESS = frozenset(("unknown", "<unknown>", "unverified", "nxdomain", "dnserror"))
# Programs that are no client: the message came from the host itself.
PHRASES = frozenset(("mail pickup service", "spooler"))
# Exim writes the user who called it where a client would stand.
_LOCAL_USER = frozenset(("exim",))
_SAID = frozenset(("not", "verified", "forged", "may", "be", "with", "login", "plain"))
_GREETINGS = frozenset(("helo", "ehlo", "lhlo"))
_USUAL = re.compile(r"\((?:([A-Za-z0-9_.-]+) )?\[([0-9A-Fa-fIPv:.]+)\]\)")
_KEYS = {"helo": "helo", "ehlo": "helo", "ident": "ident", "port": ""}


class Peer:
    """The words of a from clause, each None until it is met."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.host: Span | None = None
        self.name: Span | None = None
        self.helo: Span | None = None
        self.ip: tuple[Address, Span] | None = None
        self.no_ip = False  # brackets without an address: [local], [unix socket]

    def comment(self, comment: Token) -> bool:
        """Take the words of a comment that stands behind the host. True when there was an address among them.

        The last comment with an address counts: it is the host's own, and the client may have put another
        into its name.
        """
        before = self.ip, self.name
        self.ip = self.name = None
        if not self._usual(comment):
            self._words(inside(self.draft.text, comment))
        found = self.ip is not None
        self._instead(*before)
        return found

    def _usual(self, comment: Token) -> bool:
        """(NAME [IP]), as most write it: read in one go, for speed alone."""
        match = _USUAL.fullmatch(comment.text)
        found = address(match[2]) if match else None
        if match is None or found is None:
            return False
        start = comment.start
        self.ip = found, (start + match.start(2), start + match.end(2))
        if match[1]:
            self.name = start + match.start(1), start + match.end(1)
        return True

    def _words(self, words: list[Token]) -> None:
        """Any other comment, word by word."""
        free: list[Token] = []
        place = 0
        while place < len(words):
            used = self._word(words, place)
            if not used:
                free.append(words[place])
            place += used or 1
        self._name(free)

    def behind(self, token: Token) -> bool:
        """Take a token that stands behind the host outside comments: an address, or its port."""
        before = self.ip, self.name
        self.ip = self.name = None
        taken = token.kind in ("word", "literal") and (is_port(token) or self.literal(token))
        self._instead(*before)
        return taken

    def _instead(self, ip: tuple[Address, Span] | None, name: Span | None) -> None:
        """Keep what was there before where no address came; otherwise it was not the host's own."""
        spare = [name]
        if self.ip is None:
            self.ip = ip
            if name:
                spare, self.name = [self.name], name
        elif ip and ip[0] != self.ip[0]:
            spare.append(ip[1])
        for span in spare:
            if span:
                self.draft.leave(*span)

    def literal(self, token: Token) -> bool:
        """Take an address, bare or in brackets."""
        found = address(token.text)
        if found is None:
            is_word = token.kind == "literal" and not any(char.isdigit() for char in token.text[:20])
            self.no_ip |= is_word  # [local], [unix socket]
            return is_word
        if self.ip is not None:
            return self.ip[0] == found
        start, end = token.start, token.end
        self.ip = found, ((start + 1, end - 1) if token.kind == "literal" else (start, end))
        return True

    def _word(self, words: list[Token], place: int) -> int:
        """How many tokens from `place` on could be made sense of, 0 for none."""
        token = words[place]
        if token.kind == "literal":
            return int(self.literal(token))
        if token.kind == "comment":
            return int(token.text.lower() == "(may be forged)")
        if token.kind == "quoted":
            return self._quoted(token)
        if token.kind != "word":
            return 0
        lower = token.text.lower()
        if is_port(token):
            return 1
        if lower in _GREETINGS and not self._alone(words, place):
            return self._greeting(words, place)
        if lower == "account" and place + 1 < len(words):
            self.draft.word("user", words[place + 1].start, words[place + 1].end)
            return 2
        key, equals, _ = token.text.partition("=")
        if equals and key.lower() in _KEYS:
            return self._pair(words, place, len(key) + 1, _KEYS[key.lower()])
        if "@" in token.text:
            login = [word.text.lower() for word in words[place + 1 : place + 3]] == ["with", "login"]
            return self._ident(token, login)
        return int(lower in _SAID or lower.startswith("rhost-flags-") or self.literal(token))

    def _alone(self, words: list[Token], place: int) -> bool:
        """A client whose address has the name "helo": the name stands before the address."""
        return place + 1 < len(words) and words[place + 1].kind == "literal" and place == 0 == len(words) - 2

    def _greeting(self, words: list[Token], place: int) -> int:
        """HELO and all behind it: a client may say several words."""
        end = place + 2
        while end < len(words) and words[end].kind == "word":
            end += 1
        if place + 1 < len(words):
            self.helo = words[place + 1].start, words[end - 1].end
        return min(end, len(words)) - place

    def _quoted(self, token: Token) -> int:
        """ZMailer: "EHLO HOST", as the client said it."""
        verb, space, said = token.text[1:-1].partition(" ")
        if not said or verb.lower() not in _GREETINGS:
            return 0
        start = token.start + 1 + len(verb) + len(space)
        self.helo = start, start + len(said)
        return 1

    def _pair(self, words: list[Token], place: int, offset: int, name: str) -> int:
        """helo=HOST, ident=USER, port=25; the value may be a literal, which is a token of its own."""
        token = words[place]
        start, end, used = token.start + offset, token.end, 1
        if start == end and place + 1 < len(words) and words[place + 1].start == end:
            end, used = words[place + 1].end, 2
        if name == "helo" and start < end:
            self.helo = start, end
        elif name:
            self.draft.word(name, start, end)
        return used

    def _ident(self, token: Token, login: bool) -> int:
        """IDENT:user@rdns and user@ip: whom the client's host names as the owner (RFC 1413).

        With the words "with login" behind, it is who logged in.
        """
        user, _, host = token.text.rpartition("@")
        tag = 6 if user[:6].upper() == "IDENT:" else 0
        middle = token.start + len(user)
        self.draft.word("user" if login else "ident", token.start + tag, middle)
        rest = Token("word", host, middle + 1, token.end)
        if host and not self.literal(rest):
            self._name([rest])
        return 1

    def _name(self, rest: list[Token]) -> None:
        """What is left of a comment: a name, if it is a single word; otherwise it is free text."""
        names = [token for token in rest if token.kind in ("word", "angle")]
        if len(names) == 1 and self.name is None:
            self.name = names[0].start, names[0].end
            rest = [token for token in rest if token is not names[0]]
        for token in rest:
            self.draft.leave(token.start, token.end)


def is_port(token: Token) -> bool:
    """Whether a token is the port behind a bracket: [192.0.2.1]:25."""
    return token.text[0] == ":" and token.text[1:].isdigit()


def settle(peer: Peer, dialect: str, named_first: bool) -> None:
    """Give the words their parts: `named_first` when the dialect writes the address's name as the host."""
    draft, host = peer.draft, _own_host(peer, dialect)
    if peer.ip:
        draft.put("ip", peer.ip[0], *peer.ip[1])
    if host and not peer.ip and dialect in _LOCAL_USER:
        draft.word("user", *host)
    elif host and dialect == "fetchmail":
        _put_name(draft, host)
    elif host and (peer.helo or (named_first and peer.name is None)):
        _put_name(draft, host)
        if not peer.helo and peer.ip and not _is_nameless(draft, host):
            draft.word("helo", *host)
    elif host:
        draft.word("helo", *host)
    if peer.helo:
        draft.word("helo", *peer.helo)
    if peer.name:
        _put_name(draft, peer.name)


def _own_host(peer: Peer, dialect: str) -> Span | None:
    """The host, unless it is the address that is meant: `from [IP] (helo=HELO)`."""
    host = peer.host
    own = address(peer.draft.text[host[0] : host[1]]) if host else None
    if not host or own is None or peer.no_ip:
        return host
    if peer.ip is None:
        bracket = int(peer.draft.text[host[0]] == "[")
        peer.ip = own, (host[0] + bracket, host[1] - bracket)
        if peer.helo is None and dialect == "chasquid":  # from [IP] (HELO)
            peer.helo, peer.name = peer.name, None
        return None
    twice = peer.ip[0] == own and (peer.helo or dialect == "communigate")
    return None if twice else host


def _is_nameless(draft: Draft, span: Span) -> bool:
    return draft.text[span[0] : span[1]].lower() in NAMELESS


def _put_name(draft: Draft, span: Span) -> None:
    """The name of the address, without the dot of the root."""
    if not _is_nameless(draft, span):
        start, end = span
        draft.word("rdns", start, end - (draft.text[end - 1] == "."))
