"""Failures about where a message shall go, and whether it may: addresses, relaying, logins, and room for it.

The first half of the rows of `failures`. A row is (name, group, meaning, who acts, advice, source), then the
phrases as alternatives of a regular expression, the numbers, and the wordings: "who: reply", with a question
mark after the name where a third party reported it. Wordings are shortened to what the sense is.
"""

from __future__ import annotations

Row = tuple[tuple[str, ...], str, str, str]

ROWS: tuple[Row, ...] = (
    (
        ("the sender's domain takes no mail", "null MX",
         "The domain of the reverse-path has a null MX, so no DSN could go back to it.",
         "admin", "Send with a reverse-path whose domain takes mail, or remove its null MX record.",
         "RFC 7505 §4.2"),
        r"sender(?:'s)?[^\n]{0,80}null ?mx",
        "", "RFC 7505: 550 5.7.27",
    ),
    (
        ("the domain takes no mail", "null MX",
         "The recipient's domain has a null MX: it says in the DNS that it takes no mail.",
         "sender", "Check the domain for typos: no address at it can be reached.",
         "RFC 7505 §4.1"),
        r"null ?mx|(?:does not|doesn't) accept (?:e-?mail|mail)\b|accepts no mail|domain takes no mail",
        "", """
        RFC 7505: 556 5.1.10
        Postfix: Domain birch.example does not accept mail (nullMX)""",
    ),
    (
        ("sender's domain not found", "no such domain",
         "The domain of the reverse-path is not in the DNS, so no DSN could go back to it.",
         "admin", "Put a domain that exists into the reverse-path, or mend its MX or A records.",
         "RFC 3463 §3.2"),
        r"sender address rejected: domain not found|sender(?:'s)? domain (?:not found|does not (?:exist|"
        r"resolve))",
        "1.8", "Postfix: 450 4.1.8 <a@acorn.example>: Sender address rejected: Domain not found",
    ),
    (
        ("recipient's domain not found", "no such domain",
         "The recipient's domain is not in the DNS, as far as the one who says so can see.",
         "sender", "Check the domain for typos.",
         "RFC 3463 §3.2"),
        r"domain (?:name )?not found|(?:can't|cannot|unable to) find (?:the )?(?:recipient(?:'s)? )?domain|"
        r"host not found|no such domain|nxdomain|domain does(?: not|n't) exist",
        "1.2", """
        Postfix: 450 4.1.2 <bob@birch.example>: Recipient address rejected: Domain not found
        Gmail: 553 5.1.2 can't find the recipient domain""",
    ),
    (
        ("no such user", "no such user",
         "Nobody has this address at the receiving server.",
         "sender", "Check the address for typos and ask the recipient another way. A mailing list takes it"
         " off.",
         "RFC 3463 §3.2"),
        r"user unknown|unknown user|recipient ?not ?found|user not found|tried to reach does not exist|"
        r"(?:account|user|mailbox|recipient|address) does(?: not|n't) exist|no such (?:user|recipient|"
        r"mailbox|person|address)|mailbox not found|no mailbox here|unknown (?:recipient|mailbox|"
        r"local part)|not found by smtp address lookup|recipient address rejected: access denied|"
        r"invalid (?:recipient|mailbox)|could(?: not|n't) be found|unrouteable address|unknown in (?:local|"
        r"virtual|relay)",
        "1.1", """
        Postfix: 550 5.1.1 <bob@birch.example>: User unknown in local recipient table
        Gmail: 550 5.1.1 the account doesn't exist: check for typos
        Microsoft?: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup
        Microsoft: 550 5.4.1 Recipient address rejected: Access denied""",
    ),
    (
        ("relaying denied", "relaying denied",
         "The server neither serves the recipient's domain nor knows this client: one that carried such"
         " mail would be an open relay.",
         "admin", "Log in, on port 587 or 465 of your own provider. If this server should take mail for the"
         " domain, its admin has to list it.",
         "RFC 5321 §3.6.2"),
        r"relay access denied|relaying (?:denied|not allowed|not permitted|is (?:denied|not))|"
        r"relay (?:denied|not permitted|not allowed)|unable to relay|not permitted to relay|"
        r"credentials for relay|do(?:es)? not relay|relay attempt|tenantattribution",
        "", """
        Postfix: 554 5.7.1 <bob@birch.example>: Relay access denied
        Postfix: 454 4.7.1 <bob@birch.example>: Relay access denied
        Gmail: 550 5.7.1 invalid credentials for relay [192.0.2.10]
        Microsoft?: 550 5.7.64 TenantAttribution; Relay Access Denied""",
    ),
    (
        ("password login is switched off", "login",
         "The server takes no plain password any more.",
         "sender", "Set the mail program to the login that the provider offers now, such as OAuth.",
         "RFC 4954 §4"),
        r"basic auth(?:entication)?(?: is)? (?:not supported|disabled)|basic auth",
        "", "Microsoft: 550 5.7.30 Basic authentication is not supported",
    ),
    (
        ("wrong name or password", "login",
         "The login failed: the server does not say whether the name or the password is wrong.",
         "sender", "Check name and password in the mail program. Trying the same one again may lock the"
         " account.",
         "RFC 4954 §6"),
        r"authentication (?:failed|unsuccessful|failure)|password not accepted|credentials invalid|"
        r"invalid (?:login|credentials(?! for relay))|incorrect authentication|(?:bad|"
        r"wrong) (?:user ?name or )?password",
        "7.8", """
        Postfix: 535 5.7.8 Error: authentication failed: ...
        Gmail: 535 5.7.8 Username and Password not accepted""",
    ),
    (
        ("TLS is not offered", "TLS or login first",
         "The client's own policy wants TLS for this server, which does not offer it.",
         "receiver", "Have the receiving side offer STARTTLS, or look at the client's TLS policy.",
         "RFC 3207 §4"),
        r"required, but was not offered|starttls (?:is |was )?not offered|does(?: not|n't) offer starttls",
        "", "",
    ),
    (
        ("TLS comes first", "TLS or login first",
         "The server wants TLS before this.",
         "admin", "Switch STARTTLS on in the client, or use implicit TLS on port 465.",
         "RFC 3207 §4"),
        r"starttls (?:command )?first|issue a starttls|tls (?:is )?required(?!, but)|"
        r"requires? (?:a )?(?:starttls|tls)|must use tls|without (?:a )?tls|encryption required|"
        r"not (?:sent )?over tls",
        "", """
        Postfix: 530 5.7.0 Must issue a STARTTLS command first
        Gmail: 530 5.7.0 Must issue a STARTTLS command first
        Gmail: 421 4.7.0 TLS required for RCPT domain
        Gmail: 550 5.7.29 the mail came without TLS
        Gmail: 421 4.7.29 the mail came without TLS""",
    ),
    (
        ("a login comes first", "TLS or login first",
         "The server takes mail from this client only after a login.",
         "sender", "Switch authentication on in the mail program: name and password of the account.",
         "RFC 4954 §6"),
        r"authentication (?:is )?required|auth(?:entication)? first|(?:was )?not authenticated to|"
        r"must authenticate first|please (?:log in|authenticate)|login required",
        "", "Microsoft?: 530 5.7.57 Client not authenticated to send anonymous mail",
    ),
    (
        ("the server's disk is full", "mailbox or server full",
         "The receiving server has no room left.",
         "receiver", "Nothing is wrong with the message: send it again when there is room.",
         "RFC 3463 §3.4"),
        r"insufficient (?:system|disk) (?:storage|space)|no space left|disk full",
        "3.1", "Postfix: 452 4.3.1 Insufficient system storage",
    ),
    (
        ("mailbox full", "mailbox or server full",
         "The recipient's mailbox has used up its quota.",
         "recipient", "Tell the recipient another way: only they can make room.",
         "RFC 3463 §3.3"),
        r"mailbox (?:is )?full|(?:over|exceeded)[^\n]{0,20} ?quota|overquota|quota (?:exceeded|full)|"
        r"out of storage|storage (?:allocation|quota|limit)|not enough (?:space|room)",
        "2.2", """
        Gmail: 452 4.2.2 out of storage
        Gmail: 552 5.2.2 out of storage and inactive
        Microsoft?: 5.2.2 mailbox full""",
    ),
    (
        ("mailbox disabled", "mailbox disabled",
         "The mailbox exists, but takes no messages.",
         "recipient", "Ask the recipient another way whether the address is still in use.",
         "RFC 3463 §3.3"),
        r"(?:mailbox|account|user|reach)(?: is)? (?:disabled|inactive|suspended)",
        "", "",
    ),
    (
        ("message too big", "message too big",
         "The message is larger than the receiver takes.",
         "sender", "Send it smaller, or put the attachment somewhere and send a link. Base64 makes a third"
         " more of it.",
         "RFC 1870 §6"),
        r"(?:message|file|mail|content|body) (?:size |file )?(?:is )?too (?:big|large)|exceed(?:s|"
        r"ed)? (?:the )?(?:fixed |maximum |message )?size|size (?:limit|exceeds)|too large",
        "3.4 2.3", """
        Postfix: 552 5.3.4 Message size exceeds fixed limit
        Postfix: 552 5.3.4 Error: message file too big
        Gmail: 552 5.3.4 the message exceeded size limits
        Microsoft?: 5.2.3 the message is too large
        Microsoft?: 5.3.4 the message is too large""",
    ),
    (
        ("too many recipients", "too many recipients",
         "The transaction has more recipients than the server takes at once.",
         "nobody", "Nothing to do: the client sends to the rest in further transactions.",
         "RFC 5321 §4.5.3.1.10"),
        r"too many (?:recipients|rcpts)",
        "5.3", "",
    ),
)  # fmt: skip
