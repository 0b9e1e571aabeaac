"""Enhanced status codes as data (RFC 3463, and the registry that RFC 5248 made of them).

Answers: what does 5.7.26 mean, who registered it, and who uses the number for something else? A code
is class.subject.detail. Class and subject always mean the same, so a code whose detail is unknown
still says something; `smtplab.mail.codes.enhanced` puts the parts together.

`SEEN` holds what large receivers do with a number, registered or not. It is not complete and it ages:
the words after a number are worth more than the number.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """A subject and detail ("1.1"): a short name, what it means in one sentence, its source."""

    name: str
    meaning: str
    ref: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How someone uses a number: who, for what, and whether only a third party says so.

    `collides` marks a use for something else than the registry has: only the words tell the two apart.
    """

    who: str
    meaning: str
    reported: bool = False
    collides: bool = False

    def __str__(self) -> str:
        return f"{self.who}{' (reported)' if self.reported else ''}: {self.meaning}"


# RFC 3463 §2: how it went.
CLASSES: dict[str, str] = {
    "2": "a success",
    "4": "a transient failure: the same message may get through later",
    "5": "a permanent failure: the same message will fail again",
}

# RFC 3463 §2: the subject says which part of the system the reply is about.
SUBJECTS: dict[str, Detail] = {
    "0": Detail("other", "The reply does not say which part of the system it is about.", "RFC 3463 §3.1"),
    "1": Detail("address", "It is about an address, the sender's or the recipient's.", "RFC 3463 §3.2"),
    "2": Detail("mailbox", "It is about the recipient's mailbox, which exists.", "RFC 3463 §3.3"),
    "3": Detail("mail system", "It is about the server that should take the message.", "RFC 3463 §3.4"),
    "4": Detail("network and routing", "It is about the way between two servers.", "RFC 3463 §3.5"),
    "5": Detail("protocol", "It is about the SMTP dialogue itself.", "RFC 3463 §3.6"),
    "6": Detail("content", "It is about what the message is made of.", "RFC 3463 §3.7"),
    "7": Detail("security or policy", "It is about permission, authentication or local rules.",
                "RFC 3463 §3.8"),
}  # fmt: skip

_ROWS = (
    ("0.0", "other", "Nothing more is known than the class."),
    ("1.0", "other address status", "Something about an address in the envelope is not right."),
    ("1.1", "no such mailbox", "The part before the @ names nobody at that domain."),
    ("1.2", "no such domain", "The part after the @ does not exist, or takes no mail."),
    ("1.3", "bad recipient syntax", "The recipient's address is not well-formed."),
    ("1.4", "ambiguous recipient", "The address fits more than one mailbox."),
    ("1.5", "recipient valid", "The recipient's address is accepted."),
    ("1.6", "mailbox moved", "The mailbox existed once; it left no forwarding address."),
    ("1.7", "bad sender syntax", "The reverse-path is not well-formed."),
    ("1.8", "bad sender domain", "The domain of the reverse-path does not exist, or takes no mail back."),
    ("1.9", "passed to a system without DSN", "The message went on to a system that reports no delivery.",
     "RFC 3886"),
    ("1.10", "recipient domain has a null MX", "The recipient's domain says in the DNS: no mail here.",
     "RFC 7505 §4.1"),
    ("2.0", "other mailbox status", "The mailbox exists, but something about it is in the way."),
    ("2.1", "mailbox disabled", "The mailbox exists, but takes no messages now."),
    ("2.2", "mailbox full", "The mailbox has used up its quota; its owner can make room."),
    ("2.3", "message too long for the mailbox", "The message is larger than this mailbox allows."),
    ("2.4", "list expansion problem", "The address is a mailing list, and its members could not be found."),
    ("3.0", "other mail system status", "Something about the receiving server is in the way."),
    ("3.1", "mail system full", "The server has no room left; the recipient cannot help it."),
    ("3.2", "not accepting messages", "The server takes no messages: shutdown, load or maintenance."),
    ("3.3", "feature not supported", "The server lacks a feature that the message asks for."),
    ("3.4", "message too big", "The message is larger than the server takes."),
    ("3.5", "system misconfigured", "The server's own configuration keeps it from taking the message."),
    ("3.6", "priority changed", "The message is accepted, with another priority than it asked for.",
     "RFC 6710"),
    ("4.0", "other network status", "Something went wrong on the way, and it is not clear what."),
    ("4.1", "no answer from host", "The next server did not answer the connection attempt."),
    ("4.2", "bad connection", "The connection was made, but broke or timed out before the end."),
    ("4.3", "directory failure", "A directory needed for routing, such as the DNS, did not answer."),
    ("4.4", "unable to route", "The directory answered, but named no next server for the message."),
    ("4.5", "congestion", "The mail system has too much to do."),
    ("4.6", "loop detected", "The message was forwarded too often: it seems to go in a circle."),
    ("4.7", "delivery time expired", "The message waited in a queue for longer than allowed."),
    ("5.0", "other protocol status", "Something in the dialogue was not right."),
    ("5.1", "invalid command", "The command came out of order, or is not supported."),
    ("5.2", "syntax error", "The line could not be read as a command."),
    ("5.3", "too many recipients", "The transaction has more recipients than the server takes at once."),
    ("5.4", "invalid arguments", "The command is known, but its arguments are not valid."),
    ("5.5", "wrong protocol version", "The two ends do not speak the same version."),
    ("5.6", "authentication line too long", "The client's answer in the AUTH exchange is too long.",
     "RFC 4954 §6"),
    ("6.0", "other content error", "Something about the content cannot be delivered."),
    ("6.1", "media not supported", "A kind of content in the message cannot be carried or shown there."),
    ("6.2", "conversion needed but prohibited", "The content must be converted, and that is forbidden."),
    ("6.3", "conversion not supported", "The content must be converted, say to 7 bits, and cannot be."),
    ("6.4", "converted with loss", "The content was converted, and something was lost."),
    ("6.5", "conversion failed", "The content had to be converted, and that failed."),
    ("6.6", "content not available", "The content should have been fetched from elsewhere, and could not be.",
     "RFC 4468"),
    ("6.7", "non-ASCII address not permitted", "An address outside ASCII is not accepted here.",
     "RFC 6531 §4"),
    ("6.8", "UTF-8 reply not permitted", "The reply needs UTF-8, and the client did not ask for it.",
     "RFC 6531 §4"),
    ("6.9", "UTF-8 header not transferable", "A recipient's server takes no header fields in UTF-8.",
     "RFC 6531 §4"),
    ("6.10", "UTF-8 reply not permitted", "An older number for X.6.8: it should not be used.", "RFC 6531 §4"),
    ("7.0", "other security status", "A security rule is in the way, and no more is said."),
    ("7.1", "not authorized", "The sender may not send there. In practice this stands for any local policy."),
    ("7.2", "list refused", "The sender may not write to this mailing list."),
    ("7.3", "security conversion not possible", "No way leads from one secure format to the other."),
    ("7.4", "security feature not supported", "The message or command asks for one that is absent."),
    ("7.5", "cryptographic failure", "A key was missing or wrong, so that a check or decryption failed."),
    ("7.6", "algorithm not supported", "The cryptographic algorithm is not supported."),
    ("7.7", "integrity failure", "The message was altered on its way."),
    ("7.8", "credentials invalid", "The user name or the password is wrong.", "RFC 4954 §6"),
    ("7.9", "mechanism too weak", "The AUTH mechanism is weaker than the server permits for this user.",
     "RFC 4954 §6"),
    ("7.10", "encryption needed", "The AUTH mechanism may be used only under TLS.", "RFC 5248"),
    ("7.11", "encryption required for mechanism", "The AUTH mechanism may be used only under TLS.",
     "RFC 4954 §6"),
    ("7.12", "password transition needed", "The user must log in with PLAIN once, before this one works.",
     "RFC 4954 §6"),
    ("7.13", "account disabled", "The password was right, but the account is disabled.", "RFC 5248"),
    ("7.14", "trust relationship required", "The submission server may not fetch the content for this user.",
     "RFC 5248"),
    ("7.15", "priority too low", "Only messages of a higher priority are taken now.", "RFC 6710"),
    ("7.16", "too big for its priority", "A message of this priority must be smaller.", "RFC 6710"),
    ("7.17", "mailbox has a new owner", "The mailbox changed hands after the date that the sender gave.",
     "RFC 7293"),
    ("7.18", "domain has a new owner", "The domain changed hands after the date that the sender gave.",
     "RFC 7293"),
    ("7.19", "ownership date unknown", "The server cannot tell since when the mailbox has its owner.",
     "RFC 7293"),
    ("7.20", "no passing DKIM signature", "No DKIM signature of the message is valid.", "RFC 7372 §3.1"),
    ("7.21", "no acceptable DKIM signature", "A DKIM signature is valid, but none is one that counts here.",
     "RFC 7372 §3.1"),
    ("7.22", "no author-matched DKIM signature", "No valid DKIM signature is by the domain in From.",
     "RFC 7372 §3.1"),
    ("7.23", "SPF failed", "SPF says fail: the host may not send for this domain.", "RFC 7372 §3.2"),
    ("7.24", "SPF error", "SPF could not be evaluated: a DNS failure, or a bad record.", "RFC 7372 §3.2"),
    ("7.25", "reverse DNS failed", "The client's address has no name, or none that leads back to it.",
     "RFC 7372 §3.3"),
    ("7.26", "several authentication checks failed", "The message failed more than one check.",
     "RFC 7372 §3.4"),
    ("7.27", "sender domain has a null MX", "The sender's domain takes no mail, so no DSN can go back.",
     "RFC 7505 §4.2"),
    # Registered by an Internet-Draft (draft-levine-mailbomb-header), under the rules of RFC 5248.
    ("7.28", "mail flood", "The message seems to be one of a flood of similar ones.", "RFC 5248"),
    ("7.29", "ARC failed", "The message's ARC chain is not valid.", "RFC 8617"),
    ("7.30", "REQUIRETLS needed", "The sender demands TLS on every hop, and no next server offers that.",
     "RFC 8689"),
)  # fmt: skip

# "1.1" -> Detail, for every detail of RFC 3463 §3 and of the registry.
DETAILS: dict[str, Detail] = {
    row[0]: Detail(row[1], row[2], row[3] if len(row) > 3 else SUBJECTS[row[0][0]].ref) for row in _ROWS
}

_GOOGLE, _MICROSOFT = "Gmail", "Microsoft"

# A full code, or a subject and detail, -> what receivers use it for beside or against the registry.
SEEN: dict[str, tuple[Seen, ...]] = {
    "4.1.2": (Seen("Postfix", "the recipient's domain was not found just now"),),
    "4.1.8": (Seen("Postfix", "the sender's domain was not found just now"),),
    "5.1.10": (Seen(_MICROSOFT, "the recipient was not found", reported=True, collides=True),),
    "4.2.1": (Seen(_GOOGLE, "the recipient is getting mail too quickly"),),
    "4.3.2": (Seen(_MICROSOFT, "too many messages to this recipient at once"),),
    "5.4.1": (Seen(_MICROSOFT, "the recipient's address is rejected: access denied", collides=True),),
    "5.4.0": (Seen("Postfix", "too many hops: the message seems to loop"),),
    "5.4.6": (Seen(_GOOGLE, "more than 50 hops"), Seen("Postfix", "mail for this domain leads back to me")),
    "5.5.0": (Seen("Postfix", "the client spoke before the greeting"),),
    "5.5.2": (Seen("Postfix", "a line ended in a bare LF"),),
    "5.6.11": (Seen(_MICROSOFT, "a line ended in a bare LF", reported=True),),
    "4.7.0": (Seen(_GOOGLE, "TLS is required for the recipient's domain"),
              Seen("Yahoo", "the sender is slowed down", reported=True)),
    "4.7.1": (Seen("many servers", "greylisting: come back in a few minutes"),
              Seen("Postfix", "relaying is denied, for now by default")),
    "5.7.1": (Seen("Postfix", "relaying is denied, or the client is on a block list"),
              Seen(_GOOGLE, "among others: a missing Message-ID")),
    "5.7.15": (Seen("many blogs", "a misprint for Microsoft's 5.7.515", collides=True),),
    "4.7.23": (Seen(_GOOGLE, "the client's address has no PTR record"),),
    "5.7.25": (Seen(_GOOGLE, "the client's address has no PTR record"),),
    "7.26": (Seen(_GOOGLE, "the message is not authenticated, or fails its domain's DMARC policy"),),
    "7.27": (Seen(_GOOGLE, "SPF did not pass", collides=True),),
    "4.7.28": (Seen(_GOOGLE, "an unusual rate of mail from this sender"),),
    "7.29": (Seen(_GOOGLE, "bulk mail came without TLS", collides=True),),
    "7.30": (Seen(_GOOGLE, "DKIM did not pass", collides=True),),
    "5.7.30": (Seen(_MICROSOFT, "password login is no longer supported", collides=True),),
    "4.7.31": (Seen(_GOOGLE, "the domain has no DMARC record"),),
    "4.7.32": (Seen(_GOOGLE, "the domain in From is not aligned"),),
    "7.40": (Seen(_GOOGLE, "the domain has no DMARC record"),),
    "5.7.57": (Seen(_MICROSOFT, "log in before you send from this domain", reported=True),),
    "5.7.64": (Seen(_MICROSOFT, "relaying is denied", reported=True),),
    "5.7.509": (Seen(_MICROSOFT, "the message fails its domain's DMARC policy", reported=True),),
    "5.7.515": (Seen(_MICROSOFT, "a bulk sender must pass SPF and DKIM, and DMARC must be aligned"),),
}  # fmt: skip
