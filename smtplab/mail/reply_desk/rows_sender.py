"""Failures about who sends, what, and how: trust in the client, authentication, content, queue and dialogue.

The second half of the rows of `failures`; what a row is, `rows_recipient` tells.
"""

from __future__ import annotations

from .rows_recipient import Row

ROWS: tuple[Row, ...] = (
    (
        ("greylisting", "put off",
         "The server turns away a client that it meets for the first time; who comes back later is let in.",
         "nobody", "Nothing to do: the queue comes back in some minutes.",
         "RFC 6647 §2"),
        r"gr[ea]y-?list",
        "", "many servers?: 451 4.7.1 Greylisting in action",
    ),
    (
        ("sending too fast", "put off",
         "More mail comes than the receiver takes from this sender, or for this recipient, in the time.",
         "admin", "Send more slowly; look whether an account or a form is being misused.",
         "RFC 3463 §3.8"),
        r"unusual rate|too (?:quickly|fast|frequently)|rate ?limit|rate of|too many (?:connections|messages|"
        r"concurrent|sessions)|thread limit|limit exceeded|\btss04\b|throttl",
        "", """
        Gmail: 421 4.7.28 an unusual rate of mail
        Gmail: 450 4.2.1 the recipient is receiving mail too quickly
        Microsoft: 432 4.3.2 recipient thread limit exceeded
        Yahoo?: 421 4.7.0 [TSS04] temporarily deferred""",
    ),
    (
        ("on a block list", "client not trusted",
         "The client's address is on a block list that the receiver asks.",
         "admin", "Ask that list why, stop the cause, then have the address taken off. From a home line,"
         " use your provider's server.",
         "RFC 5782 §2"),
        r"blocked using|(?:black|block|deny)[ -]?list|\bdnsbl\b|\brbl\b|listed (?:by|in|at|on)\b",
        "", """
        Postfix: 554 5.7.1 Service unavailable; Client host [203.0.113.77] blocked using bl.example
        Microsoft?: 550 5.7.1 Client host [203.0.113.77] blocked using ...""",
    ),
    (
        ("no name for the address", "client not trusted",
         "The client's address has no name in reverse DNS, or none that leads back to it.",
         "admin", "Have the PTR record set by whoever owns the address, to a name whose A or AAAA record is"
         " that address.",
         "RFC 7372 §3.3"),
        r"find your (?:reverse )?hostname|reverse (?:dns|hostname)|\bptr\b|\brdns\b|no reverse",
        "7.25", """
        Postfix: 450 4.7.1 Client host rejected: cannot find your reverse hostname
        Postfix: 450 4.7.25 Client host rejected: cannot find your hostname
        Gmail: 451 4.7.23 no PTR record
        Gmail: 550 5.7.25 no PTR record""",
    ),
    (
        ("not a trustworthy bulk sender", "SPF, DKIM, DMARC",
         "The message does not meet what the receiver asks of bulk senders: SPF, DKIM and an aligned DMARC.",
         "admin", "Make SPF and DKIM pass for your own domain, publish a DMARC record, and look at the"
         " headers of a test message.",
         "RFC 9989 §4.4"),
        r"required authentication level",
        "", "Microsoft: 550 5.7.515 the domain does not meet the required authentication level",
    ),
    (
        ("not authenticated", "SPF, DKIM, DMARC",
         "Neither SPF nor DKIM passed for the message, or more than one check failed.",
         "admin", "Publish an SPF record that lists this server, and have it sign with DKIM.",
         "RFC 7372 §3.4"),
        r"\bunauthenticated\b|not authenticated(?! to)|failed authentication checks",
        "7.26", """
        Gmail: 550 5.7.26 the message is unauthenticated
        Gmail: 421 4.7.26 the message is unauthenticated""",
    ),
    (
        ("DMARC failed", "SPF, DKIM, DMARC",
         "By the DMARC policy of the domain in From, this message is not to be taken: neither SPF nor DKIM"
         " passed for a domain aligned with it.",
         "admin", "Make SPF or DKIM pass with the domain that stands in From.",
         "RFC 9989 §4.4"),
        r"\bdmarc\b|not aligned|alignment",
        "", """
        Gmail: 550 5.7.26 the domain's DMARC policy
        Gmail: 421 4.7.32 the domain in From is not aligned
        Gmail: 550 5.7.40 the domain has no DMARC record
        Gmail: 421 4.7.40 the domain has no DMARC record
        Microsoft?: 550 5.7.509 the message fails its domain's DMARC policy""",
    ),
    (
        ("DKIM failed", "SPF, DKIM, DMARC",
         "No DKIM signature passed that counts here.",
         "admin", "Look whether the key is in the DNS, and whether something alters the message after it is"
         " signed.",
         "RFC 7372 §3.1"),
        r"\bdkim\b",
        "7.20 7.21 7.22", """
        Gmail: 550 5.7.30 DKIM did not pass
        Gmail: 421 4.7.30 DKIM did not pass""",
    ),
    (
        ("SPF failed", "SPF, DKIM, DMARC",
         "By the SPF record of the sender's domain, this client may not send for it.",
         "admin", "Add the server's address to the SPF record, or send through a server that is in it.",
         "RFC 7208 §8.4"),
        r"\bspf\b|sender policy framework",
        "7.23 7.24", """
        Gmail: 550 5.7.27 SPF did not pass
        Gmail: 421 4.7.27 SPF did not pass
        Microsoft?: 550 5.7.23 SPF did not pass
        RFC 7208: 550 5.7.1 SPF MAIL FROM check failed
        RFC 7372: 550 5.7.23 SPF validation failed""",
    ),
    (
        ("a mail loop", "a mail loop",
         "The message has passed so many servers that it seems to go in a circle.",
         "receiver", "Read the Received fields of the returned message: the hosts that come again are the"
         " circle. Mend the alias, forward or MX there.",
         "RFC 5321 §6.3"),
        r"too many (?:hops|received)|exceeded [0-9]{1,4} hops|hop ?count|loops? back to|(?:mail|routing|"
        r"forwarding) loop",
        "4.6", """
        Postfix: 554 5.4.0 Error: too many hops
        Postfix: 5.4.6 mail for birch.example loops back to myself
        Gmail: 554 5.4.6 the message exceeded 50 hops""",
    ),
    (
        ("a bare LF", "a bare LF",
         "A line of the message ends in LF alone instead of CRLF.",
         "admin", "Mend or update the program that sends: each line ends in CR and LF.",
         "RFC 5321 §2.3.8"),
        r"bare ?(?:<?(?:lf|cr)>?|line ?feeds?|newline)",
        "", """
        Postfix: 550 5.5.2 Error: bare <LF> received
        Microsoft?: 550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal""",
    ),
    (
        ("the queue gave up", "the queue gave up",
         "The message stood in a queue until its time was over.",
         "admin", "Find out from the queue's log why each attempt failed, then send it again.",
         "RFC 5321 §4.5.4.1"),
        r"message expired|expired|retry time(?:out| not reached)|delivery temporarily suspended|too (?:old|"
        r"long) in (?:the )?queue",
        "4.7", """
        Postfix: 4.4.1 delivery temporarily suspended
        Postfix: 4.4.7 the delivery time is over
        Microsoft: 4.4.7 Message expired""",
    ),
    (
        ("no connection", "no connection",
         "No session came about, or it broke: this is the client's own word, and no server's reply.",
         "admin", "Look whether the receiver is up, and whether a firewall closes port 25.",
         "RFC 3463 §3.5"),
        r"connection (?:timed out|refused|reset|dropped|lost)|lost connection|timed out|timeout|"
        r"no route to host|network is unreachable|(?:could not|cannot|unable to) connect",
        "4.1 4.2", "",
    ),
    (
        ("spoke too early", "the dialogue",
         "The client sent something before it was its turn.",
         "admin", "Mend the client: it waits for the greeting, and pipelines only where that is offered.",
         "RFC 5321 §4.3.1"),
        r"synchroni[sz]ation|early talker|improper (?:use of )?(?:command )?pipelining",
        "", "Postfix: 554 5.5.0 Error: SMTP protocol synchronization",
    ),
    (
        ("no recipient left", "the dialogue",
         "Every recipient was refused, so there is nobody to deliver to.",
         "sender", "Look at the replies to RCPT: they say why.",
         "RFC 5321 §3.3"),
        r"no valid recipients",
        "", "Postfix: 554 5.5.1 no valid recipients",
    ),
    (
        ("sender address not yours", "sender address",
         "The account that logged in may not use this reverse-path.",
         "sender", "Send with an address that belongs to the account, or have the admin add it.",
         "RFC 6409 §6.1"),
        r"not owned by user|not (?:allowed|permitted|authorized) to send (?:as|from)",
        "", "Postfix: 553 5.7.1 <a@acorn.example>: Sender address rejected: not owned by user",
    ),
    (
        ("no Message-ID", "the message itself",
         "The message has no Message-ID, or none that is well-formed.",
         "admin", "Have the program that writes the message set one.",
         "RFC 5322 §3.6.4"),
        r"message-?id\b",
        "", "Gmail: 550 5.7.1 the Message-ID is missing or not valid",
    ),
    (
        ("no SMTP service", "no SMTP service",
         "This host takes no mail at all.",
         "admin", "Look whether MX and port are right.",
         "RFC 5321 §3.1"),
        r"no smtp service|does not accept (?:smtp|connections)",
        "", "RFC 5321: 554 No SMTP service here",
    ),
    (
        ("taken for spam", "taken for spam",
         "The receiver's filter judged the message, or the sender, to be spam.",
         "admin", "Read the link in the words, if there is one; look at SPF, DKIM and DMARC, and at what"
         " the server has sent of late.",
         "RFC 5321 §7.9"),
        r"\bspam\b|\bjunk\b|content rejected|considered unsolicited|unsolicited|bulk mail|reputation",
        "", "",
    ),
    (
        ("refused for now", "put off",
         "The server puts this client off for now and gives no cause.",
         "nobody", "Nothing to do yet: the queue tries again.",
         "RFC 5321 §4.2.1", "4"),
        r"service (?:temporarily )?unavailable|try again later|temporar|system busy",
        "", "Postfix: 450 4.7.1 Service unavailable",
    ),
    (
        ("refused by policy", "refused by policy",
         "A rule of the receiver's own is in the way.",
         "admin", "Ask the postmaster of the receiving domain which rule: that address takes mail from"
         " anybody.",
         "RFC 5321 §4.5.1"),
        r"\bblocked\b|access denied|\bpolicy\b|not authorized|rejected by",
        "", "",
    ),
)  # fmt: skip
