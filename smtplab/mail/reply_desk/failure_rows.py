"""The rows of `failures`: (name, group, meaning, who acts, advice, source), phrases, numbers, wordings.

Phrases are alternatives of a regular expression, without case. A wording stands on a line of its own, as
"who: reply"; a question mark after the name says that a third party reported it. "Gmail" and "Postfix" lines
without words of their own are shortened to what the sense is.
"""

from __future__ import annotations

Row = tuple[tuple[str, ...], str, str, str]

ROWS: tuple[Row, ...] = (
    (("the sender's domain takes no mail", "null MX", "The domain of the reverse-path has a null MX, so no"
     " DSN"
      " could go back to it.", "admin", "Send with a reverse-path whose domain takes mail, or remove its null"
      " MX record.", "RFC 7505 §4.2"), r"sender(?:'s)?[^\n]{0,80}null ?mx", "", "RFC 7505: 550 5.7.27"),
    (("the domain takes no mail", "null MX", "The recipient's domain has a null MX: it says in the DNS"
     " that it"
      " takes no mail.", "sender", "Check the domain for typos: no address at it can be reached.",
      "RFC 7505 §4.1"),
     r"null ?mx|(?:does not|doesn't) accept (?:e-?mail|mail)\b|accepts no mail|domain takes no mail", "", """
     RFC 7505: 556 5.1.10
     Postfix: Domain birch.example does not accept mail (nullMX)"""),
    (("sender's domain not found", "no such domain", "The domain of the reverse-path is not in the DNS, so no"
      " DSN could go back to it.", "admin", "Put a domain that exists into the reverse-path, or mend its"
      " MX or"
      " A records.", "RFC 3463 §3.2"),
     r"sender address rejected: domain not found|sender(?:'s)? domain (?:not found|does not (?:exist|"
     r"resolve))",
     "1.8", "Postfix: 450 4.1.8 <a@acorn.example>: Sender address rejected: Domain not found"),
    (("recipient's domain not found", "no such domain", "The recipient's domain is not in the DNS, as far as"
      " the one who says so can see.", "sender", "Check the domain for typos.", "RFC 3463 §3.2"),
     r"domain (?:name )?not found|(?:can't|cannot|unable to) find (?:the )?(?:recipient(?:'s)? )?domain|"
     r"host not found|no such domain|nxdomain|domain does(?: not|n't) exist", "1.2", """
     Postfix: 450 4.1.2 <bob@birch.example>: Recipient address rejected: Domain not found
     Gmail: 553 5.1.2 can't find the recipient domain"""),
    (("no such user", "no such user", "Nobody has this address at the receiving server.", "sender", "Check"
      " the address for typos and ask the recipient another way. A list takes the address off.",
      "RFC 3463 §3.2"),
     r"user unknown|unknown user|recipient ?not ?found|user not found|tried to reach does not exist|"
     r"(?:account|user|mailbox|recipient|address) does(?: not|n't) exist|no such (?:user|recipient|mailbox|"
     r"person|address)|mailbox not found|no mailbox here|unknown (?:recipient|mailbox|local part)|"
     r"not found by smtp address lookup|recipient address rejected: access denied|invalid (?:recipient|"
     r"mailbox)|"
     r"unrouteable address|unknown in (?:local|virtual|relay)", "1.1", """
     Postfix: 550 5.1.1 <bob@birch.example>: Recipient address rejected: User unknown in local recipient table
     Gmail: 550 5.1.1 the account doesn't exist: check for typos
     Microsoft?: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup
     Microsoft: 550 5.4.1 Recipient address rejected: Access denied"""),
    (("relaying denied", "relaying denied", "The server neither serves the recipient's domain nor knows this"
      " client: one that carried such mail would be an open relay.", "admin", "Log in, on port 587 or 465 of"
      " your own provider. If this server should take mail for the domain, its admin has to list it.",
      "RFC 5321 §3.6.2"),
     r"relay access denied|relaying (?:denied|not allowed|not permitted|is (?:denied|not))|relay"
     r" (?:denied|not"
     r" permitted|not allowed)|unable to relay|not permitted to relay|credentials for relay|do(?:es)? not"
     r" relay|"
     r"relay attempt|tenantattribution", "", """
     Postfix: 554 5.7.1 <bob@birch.example>: Relay access denied
     Postfix: 454 4.7.1 <bob@birch.example>: Relay access denied
     Gmail: 550 5.7.1 invalid credentials for relay [192.0.2.10]
     Microsoft?: 550 5.7.64 TenantAttribution; Relay Access Denied"""),
    (("password login is switched off", "login", "The server takes no plain password any more.", "sender",
      "Set the mail program to the login that the provider offers now, such as OAuth.", "RFC 4954 §4"),
     r"basic auth(?:entication)?(?: is)? (?:not supported|disabled)|basic auth", "",
     "Microsoft: 550 5.7.30 Basic authentication is not supported"),
    (("wrong name or password", "login", "The login failed: the server does not say whether the name or the"
      " password is wrong.", "sender", "Check name and password in the mail program. Trying the same one"
      " again"
      " may lock the account.", "RFC 4954 §6"),
     r"authentication (?:failed|unsuccessful|failure)|password not accepted|credentials invalid|invalid "
     r"(?:login|credentials(?! for relay))|incorrect authentication|(?:bad|wrong) (?:user ?name or"
     r" )?password", "7.8", """
     Postfix: 535 5.7.8 Error: authentication failed: ...
     Gmail: 535 5.7.8 Username and Password not accepted"""),
    (("TLS comes first", "TLS or login first", "The server wants TLS before this.", "admin", "Switch STARTTLS"
      " on in the client, or use implicit TLS on port 465.", "RFC 3207 §4"),
     r"starttls (?:command )?first|issue a starttls|tls (?:is )?required|requires? (?:a )?(?:starttls|"
     r"tls)|must"
     r" use tls|without (?:a )?tls|encryption required|not (?:sent )?over tls", "", """
     Postfix: 530 5.7.0 Must issue a STARTTLS command first
     Gmail: 530 5.7.0 Must issue a STARTTLS command first
     Gmail: 421 4.7.0 TLS required for RCPT domain
     Gmail: 550 5.7.29 the mail came without TLS
     Gmail: 421 4.7.29 the mail came without TLS"""),
    (("a login comes first", "TLS or login first", "The server takes mail from this client only after a"
     " login.",
      "sender", "Switch authentication on in the mail program: name and password of the account.",
      "RFC 4954 §6"),
     r"authentication (?:is )?required|auth(?:entication)? first|(?:was )?not authenticated to|must"
     r" (?:first )?"
     r"authenticate|please (?:log in|authenticate)|login required", "",
     "Microsoft?: 530 5.7.57 Client not authenticated to send anonymous mail"),
    (("the server's disk is full", "mailbox or server full", "The receiving server has no room left.",
      "receiver", "Nothing is wrong with the message: send it again when there is room.", "RFC 3463 §3.4"),
     r"insufficient (?:system|disk) (?:storage|space)|no space left|disk full", "3.1",
     "Postfix: 452 4.3.1 Insufficient system storage"),
    (("mailbox full", "mailbox or server full", "The recipient's mailbox has used up its quota.", "recipient",
      "Tell the recipient another way: only they can make room.", "RFC 3463 §3.3"),
     r"mailbox (?:is )?full|(?:over|exceeded)[^\n]{0,20} ?quota|overquota|quota (?:exceeded|full)|out of"
     r" storage|"
     r"storage (?:allocation|quota|limit)|not enough (?:space|room)", "2.2", """
     Gmail: 452 4.2.2 out of storage
     Gmail: 552 5.2.2 out of storage and inactive
     Microsoft?: 5.2.2 mailbox full"""),
    (("message too big", "message too big", "The message is larger than the receiver takes.", "sender",
      "Send it smaller, or put the attachment somewhere and send a link. Base64 makes a third more of it.",
      "RFC 1870 §6"),
     r"(?:message|file|mail|content|body) (?:size |file )?(?:is )?too (?:big|large)|exceed(?:s|"
     r"ed)?"
     r" (?:the )?(?:fixed |maximum |message )?size|size (?:limit|exceeds)|too large", "3.4 2.3", """
     Postfix: 552 5.3.4 Message size exceeds fixed limit
     Postfix: 552 5.3.4 Error: message file too big
     Gmail: 552 5.3.4 the message exceeded size limits
     Microsoft?: 5.2.3 the message is too large
     Microsoft?: 5.3.4 the message is too large"""),
    (("too many recipients", "too many recipients", "The transaction has more recipients than the server"
     " takes"
      " at once.", "nobody", "Nothing to do: the client sends to the rest in further transactions.",
      "RFC 5321 §4.5.3.1.10"), r"too many (?:recipients|rcpts)", "5.3", ""),
    (("greylisting", "put off", "The server turns away a client that it meets for the first time; who comes"
      " back later is let in.", "nobody", "Nothing to do: the queue comes back in some minutes.",
      "RFC 6647 §2"), r"gr[ea]y-?list", "",
     "many servers?: 451 4.7.1 Greylisting in action", ),
    (("sending too fast", "put off", "More mail comes than the receiver takes from this sender, or for this"
      " recipient, in the time.", "admin", "Send more slowly; look whether an account or a form is being"
      " misused.", "RFC 3463 §3.8"),
     r"unusual rate|too (?:quickly|fast|frequently)|rate ?limit|rate of|too many (?:connections|messages|"
     r"concurrent|sessions)|thread limit|limit exceeded|\btss04\b|throttl", "", """
     Gmail: 421 4.7.28 an unusual rate of mail
     Gmail: 450 4.2.1 the recipient is receiving mail too quickly
     Microsoft: 432 4.3.2 recipient thread limit exceeded
     Yahoo?: 421 4.7.0 [TSS04] temporarily deferred"""),
    (("on a block list", "client not trusted", "The client's address is on a block list that the receiver"
      " asks.", "admin", "Ask that list why, stop the cause, then have the address taken off. From a home"
      " line, use your provider's server.", "RFC 5782 §2"),
     r"blocked using|(?:black|block|deny)[ -]?list|\bdnsbl\b|\brbl\b|listed (?:by|in|at|on)\b", "", """
     Postfix: 554 5.7.1 Service unavailable; Client host [203.0.113.77] blocked using bl.example
     Microsoft?: 550 5.7.1 Client host [203.0.113.77] blocked using ..."""),
    (("no name for the address", "client not trusted", "The client's address has no name in reverse DNS, or"
      " none that leads back to it.", "admin", "Have the PTR record set by whoever owns the address, to a"
      " name"
      " whose A or AAAA record is that address.", "RFC 7372 §3.3"),
     r"find your (?:reverse )?hostname|reverse (?:dns|hostname)|\bptr\b|\brdns\b|no reverse", "7.25", """
     Postfix: 450 4.7.1 Client host rejected: cannot find your reverse hostname
     Postfix: 450 4.7.25 Client host rejected: cannot find your hostname
     Gmail: 451 4.7.23 no PTR record
     Gmail: 550 5.7.25 no PTR record"""),
    (("not a trustworthy bulk sender", "SPF, DKIM, DMARC", "The message does not meet what the receiver"
     " asks of"
      " bulk senders: SPF, DKIM and an aligned DMARC.", "admin", "Make SPF and DKIM pass for your own domain,"
      " publish a DMARC record, and look at the headers of a test message.", "RFC 9989 §4.4"),
     r"required authentication level", "",
     "Microsoft: 550 5.7.515 the domain does not meet the required authentication level"),
    (("not authenticated", "SPF, DKIM, DMARC", "Neither SPF nor DKIM passed for the message, or more than one"
      " check failed.", "admin", "Publish an SPF record that lists this server, and have it sign with DKIM.",
      "RFC 7372 §3.4"),
     r"\bunauthenticated\b|not authenticated(?! to)|failed authentication checks", "7.26", """
     Gmail: 550 5.7.26 the message is unauthenticated
     Gmail: 421 4.7.26 the message is unauthenticated"""),
    (("DMARC failed", "SPF, DKIM, DMARC", "By the DMARC policy of the domain in From, this message is not"
     " to be"
      " taken: neither SPF nor DKIM passed for a domain aligned with it.", "admin", "Make SPF or DKIM pass"
      " with"
      " the domain that stands in From.", "RFC 9989 §4.4"),
     r"\bdmarc\b|not aligned|alignment", "", """
     Gmail: 550 5.7.26 the domain's DMARC policy
     Gmail: 421 4.7.32 the domain in From is not aligned
     Gmail: 550 5.7.40 the domain has no DMARC record
     Gmail: 421 4.7.40 the domain has no DMARC record
     Microsoft?: 550 5.7.509 the message fails its domain's DMARC policy"""),
    (("DKIM failed", "SPF, DKIM, DMARC", "No DKIM signature passed that counts here.", "admin",
      "Look whether the key is in the DNS, and whether something alters the message after it is signed.",
      "RFC 7372 §3.1"), r"\bdkim\b", "7.20 7.21 7.22", """
     Gmail: 550 5.7.30 DKIM did not pass
     Gmail: 421 4.7.30 DKIM did not pass"""),
    (("SPF failed", "SPF, DKIM, DMARC", "By the SPF record of the sender's domain, this client may not"
     " send for"
      " it.", "admin", "Add the server's address to the SPF record, or send through a server that is in it.",
      "RFC 7208 §8.4"), r"\bspf\b|sender policy framework", "7.23 7.24", """
     Gmail: 550 5.7.27 SPF did not pass
     Gmail: 421 4.7.27 SPF did not pass
     Microsoft?: 550 5.7.23 SPF did not pass
     RFC 7208: 550 5.7.1 SPF MAIL FROM check failed
     RFC 7372: 550 5.7.23 SPF validation failed"""),
    (("a mail loop", "a mail loop", "The message has passed so many servers that it seems to go in a circle.",
      "receiver", "Read the Received fields of the returned message: the hosts that come again are the"
      " circle."
      " Mend the alias, forward or MX there.", "RFC 5321 §6.3"),
     r"too many (?:hops|received)|exceeded [0-9]{1,4} hops|hop ?count|loops? back to|(?:mail|routing|"
     r"forwarding)"
     r" loop", "4.6", """
     Postfix: 554 5.4.0 Error: too many hops
     Postfix: 5.4.6 mail for birch.example loops back to myself
     Gmail: 554 5.4.6 the message exceeded 50 hops"""),
    (("a bare LF", "a bare LF", "A line of the message ends in LF alone instead of CRLF.", "admin", "Mend or"
      " update the program that sends: each line ends in CR and LF.", "RFC 5321 §2.3.8"),
     r"bare ?(?:<?(?:lf|cr)>?|line ?feeds?|newline)", "", """
     Postfix: 550 5.5.2 Error: bare <LF> received
     Microsoft?: 550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal"""),
    (("the queue gave up", "the queue gave up", "The message stood in a queue until its time was over.",
      "admin", "Find out from the queue's log why each attempt failed, then send it again.",
      "RFC 5321 §4.5.4.1"),
     r"message expired|expired|retry time(?:out| not reached)|delivery temporarily suspended|too (?:old|"
     r"long) in"
     r" (?:the )?queue", "4.7", """
     Postfix: 4.4.1 delivery temporarily suspended
     Postfix: 4.4.7 the delivery time is over
     Microsoft: 4.4.7 Message expired"""),
    (("no connection", "no connection", "No session came about, or it broke: this is the client's own"
     " word, and"
      " no server's reply.", "nobody", "Look whether the receiver is up, and whether a firewall closes"
      " port 25.", "RFC 3463 §3.5"),
     r"connection (?:timed out|refused|reset|dropped|lost)|lost connection|timed out|timeout|no route to"
     r" host|"
     r"network is unreachable|(?:could not|cannot|unable to) connect", "4.1 4.2", ""),
    (("spoke too early", "the dialogue", "The client sent something before it was its turn.", "admin", "Mend"
      " the client: it waits for the greeting, and pipelines only where that is offered.", "RFC 5321 §4.3.1"),
     r"synchroni[sz]ation|early talker|improper (?:use of )?(?:command )?pipelining", "",
     "Postfix: 554 5.5.0 Error: SMTP protocol synchronization"),
    (("no recipient left", "the dialogue", "Every recipient was refused, so there is nobody to deliver to.",
      "sender", "Look at the replies to RCPT: they say why.", "RFC 5321 §3.3"), r"no valid recipients", "",
     "Postfix: 554 5.5.1 no valid recipients"),
    (("sender address not yours", "sender address", "The account that logged in may not use this"
     " reverse-path.",
      "sender", "Send with an address that belongs to the account, or have the admin add it.",
      "RFC 6409 §6.1"), r"not owned by user|not (?:allowed|permitted|authorized) to send (?:as|from)", "",
     "Postfix: 553 5.7.1 <a@acorn.example>: Sender address rejected: not owned by user"),
    (("no Message-ID", "the message itself", "The message has no Message-ID, or none that is well-formed.",
      "admin", "Have the program that writes the message set one.", "RFC 5322 §3.6.4"), r"message-?id\b", "",
     "Gmail: 550 5.7.1 the Message-ID is missing or not valid"),
    (("no SMTP service", "no SMTP service", "This host takes no mail at all.", "admin", "Look whether MX and"
      " port are right.", "RFC 5321 §3.1"), r"no smtp service|does not accept (?:smtp|connections)", "",
     "RFC 5321: 554 No SMTP service here"),
    (("taken for spam", "taken for spam", "The receiver's filter judged the message, or the sender, to be"
     " spam.",
      "admin", "Read the link in the words, if there is one; look at SPF, DKIM and DMARC, and at what the"
      " server has sent of late.", "RFC 5321 §7.9"),
     r"\bspam\b|\bjunk\b|content rejected|considered unsolicited|unsolicited|bulk mail|reputation", "", ""),
    (("refused for now", "put off", "The server puts this client off for now and gives no cause.", "nobody",
      "Nothing to do yet: the queue tries again.", "RFC 5321 §4.2.1", "4"),
     r"service (?:temporarily )?unavailable|try again later|temporar|system busy", "",
     "Postfix: 450 4.7.1 Service unavailable"),
    (("refused by policy", "refused by policy", "A rule of the receiver's own is in the way.", "admin",
      "Ask the postmaster of the receiving domain which rule: that address takes mail from anybody.",
      "RFC 5321 §4.5.1"), r"\bblocked\b|access denied|\bpolicy\b|not authorized|rejected by", "", ""),
)  # fmt: skip
