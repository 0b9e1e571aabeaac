"""Whose way of writing is this? The families of software behind Received fields, as tables.

A family is known by the name of its program in a comment or with its protocol, or else by the shape of the
line or a label of the host's name: a dialect is a way of writing and proves nothing about who wrote it. It
matters because some write the name of the client's address first, and others what the client said.
"""

from __future__ import annotations

import re

from .addresses import address
from .clauses import Clause
from .lexer import Token

# Words, in lower case, of the comments in "by", "with" and "id" and of the protocol -> the dialect.
PROGRAMS = {
    "(5.6": "sendmail",
    "(8.": "sendmail",
    "(sg)": "sendgrid",
    "/tls/": "ironport",
    "amavis": "amavis",
    "argosoft": "argosoft",
    "chasquid": "chasquid",
    "communigate": "communigate",
    "courier": "courier",
    "cyrus": "cyrus",
    "domino": "domino",
    "encrypted": "qmail",
    "ecelerity": "momentum",
    "exim": "exim",
    "fetchmail": "fetchmail",
    "groupwise": "groupwise",
    "haraka": "haraka",
    "hermes smtp server": "yahoo",
    "icewarp": "icewarp",
    "intermail": "intermail",
    "james smtp": "james",
    "kerio": "kerio",
    "listserv": "listserv",
    "mailenable": "mailenable",
    "mailmarshal": "mailmarshal",
    "mapi": "exchange",
    "mdaemon": "mdaemon",
    "mercury": "mercury",
    "merak": "icewarp",
    "microsoft smtp server": "exchange",
    "microsoft smtpsvc": "smtpsvc",
    "nemesis": "gmx",
    "nnfmp": "yahoo",
    "nwsmtp/yandex": "yandex",
    "opensmtpd": "opensmtpd",
    "oracle communications": "oracle",
    "pmdf": "pmdf",
    "postfix": "postfix",
    "powermta": "powermta",
    "qmail-scanner": "qmail",
    "qpsmtpd": "qpsmtpd",
    "shadowredundancy": "exchange",
    "smtpd-": "imail",
    "smtpd32-": "imail",
    "smtplab": "smtplab",
    "spamassassin": "spamassassin",
    "stalwart": "stalwart",
    "sun java": "oracle",
    "surgemail": "surgemail",
    "vpop3": "vpop3",
    "xmail": "xmail",
}
# Labels of the name of the host that wrote the line, for services that name no program.
LABELS = {
    "google": "gmail",
    "gmail": "gmail",
    "gmailapi": "gmail",
    "googlemail": "gmail",
    "yahoo": "yahoo",
    "amazonses": "ses",
    "inbound-smtp": "ses",
    "email-smtp": "ses",
    "sendgrid": "sendgrid",
    "mailgun": "mailgun",
    "mimecast": "mimecast",
    "pphosted": "proofpoint",
    "zohomail": "zoho",
    "zoho": "zoho",
    "yandex": "yandex",
    "sparkpost": "momentum",
}
# The host behind "from" is the name of the client's address, not what the client said.
NAMED_FIRST = frozenset(("exim", "qmail", "ironport", "momentum"))

_PROGRAM = re.compile("|".join(sorted(map(re.escape, PROGRAMS), key=len, reverse=True)))
_TELLING = frozenset(("by", "with", "id", "via"))
_LONGEST_NAME = 255  # characters of a host's name
_QMAIL = (["SMTP"], ["ESMTP"], ["ESMTPS"], ["ESMTPA"], ["ESMTPSA"])
_IDS = (  # shapes of queue ids that only one program makes
    ("gmail", re.compile(r"[0-9a-z-]{8,60}\.\d{1,3}\.\d{4}(?:\.\d\d){5}")),
    ("domino", re.compile(r"\d{16}-\d{4,7}")),
    ("mimecast", re.compile(r"[a-z]{2}-mta-\d{1,4}-[\w-]{8,40}")),
    ("exim", re.compile(r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})")),
    ("exchange", re.compile(r"1[45]\.\d{1,2}\.\d{3,5}\.\d{1,3}")),
    ("dovecot", re.compile(r"[0-9A-Za-z+/]{6,24}/[0-9A-Za-z+/]{4,8}|[0-9A-Za-z+/]{22,26}(?:==)?")),
)


def dialect(clauses: list[Clause]) -> str:
    """The dialect of a field, "" when it is like none."""
    by_name: dict[str, list[Token]] = {}
    said: list[str] = []
    for name, tokens, _ in clauses:
        by_name.setdefault(name, tokens)
        if name in _TELLING:
            for kind, text, _, _ in tokens:
                if name == "with" or (kind == "comment" and text[:9] != "(version="):
                    said.append(text)
    joined = " ".join(said).lower()
    if match := _PROGRAM.search(joined):
        found = PROGRAMS[match[0]]
        peer = by_name.get("from")
        is_filter = found == "sendmail" and peer and peer[0].text.startswith("pps.")
        return "proofpoint" if is_filter else found
    return _by_clauses(by_name, joined) or _by_shape(by_name)


def _by_clauses(by_name: dict[str, list[Token]], said: str) -> str:
    """By the clauses behind "from": the host's own name, its ids, and words only it uses."""
    host = by_name["by"][0].text if by_name.get("by") else ""
    for label in host.lower().split(".") if len(host) <= _LONGEST_NAME else ():
        if label in LABELS:
            return LABELS[label]
    queue_id = by_name["id"][0].text if by_name.get("id") else ""
    for name, shape in _IDS:
        if shape.fullmatch(queue_id) and (name != "dovecot" or "lmtp" in said):
            return name
    return ""


def _by_shape(by_name: dict[str, list[Token]]) -> str:
    """By what stands in front, and by the comments behind the client."""
    first = by_name[""]
    if first and first[0].text[:7] == "(qmail ":
        return "qmail"
    if first and first[0].text[:11] == "(nullmailer":
        return "nullmailer"
    if "from" not in by_name and by_name.get("by") and by_name["by"][0].text.count(":") > 1:
        return "gmail"
    peer = by_name.get("from", [])
    comments = [token.text for token in peer if token.kind == "comment"]
    if any(text[:6].upper() == "(LHLO " for text in comments):
        return "zimbra"
    if any(text[:6].upper() == "(HELO " for text in comments):
        return "ironport" if any(text[:2] == "([" for text in comments) else "qmail"
    if any("rhost-flags-" in text for text in comments):
        return "zmailer"
    if any(text[:6].upper() == "(EHLO " for text in comments) and address(peer[0].text):
        return "yahoo"
    if any("helo=" in text for text in comments):
        return "exim"
    if any(text[:6].upper() in ("(AUTH:", "(TLS: ") for text in comments) or any(
        "[::ffff:" in text for text in comments
    ):
        return "courier"
    return _by_address(by_name, comments)


def _by_address(by_name: dict[str, list[Token]], comments: list[str]) -> str:
    """By a client whose address stands alone in parentheses, without brackets."""
    if len(comments) != 1 or comments[0][1:2] == "[" or not address(comments[0][1:-1]):
        return ""
    protocol = [token.text.upper() for token in by_name.get("with", ())]
    if protocol == ["HTTPS"]:
        return "exchange"
    is_qmail = "id" not in by_name and len(by_name.get("by", ())) == 1 and protocol in _QMAIL
    return "qmail" if is_qmail else ""
