"""Replies to begin with at the reply desk: the shapes that people have on screen."""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "550": "550",
    "Postfix log": "postfix/smtp[2210]: 4F2A01C0B7: to=<bob@birch.example>,"
    " relay=mx.birch.example[192.0.2.25]:25,"
    " delay=0.42, dsn=5.1.1, status=bounced (host mx.birch.example[192.0.2.25] said: 550 5.1.1"
    " <bob@birch.example>: Recipient address rejected: User unknown in local recipient table (in reply to"
    " RCPT TO"
    " command))",
    "Greylisted": "C: RCPT TO:<bob@birch.example>\nS: 450 4.2.0 <bob@birch.example>: Recipient address"
    " rejected:"
    " Greylisted",
    "Gmail": "Diagnostic-Code: smtp; 550-5.7.26 Your email has been blocked because the sender is"
    " unauthenticated.\n    550-5.7.26 The sender must authenticate with either SPF or DKIM.\n"
    "    550 5.7.26 See the page on sender guidelines. - gsmtp",
    "Microsoft": "Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient"
    " bob@birch.example"
    " not found by SMTP address lookup'",
    "No connection": "to=<bob@birch.example>, relay=none, delay=30, dsn=4.4.1, status=deferred (connect to"
    " mx.birch.example[192.0.2.25]:25: Connection timed out)",
    "A queue that gave up": "Final-Recipient: rfc822; bob@birch.example\nAction: failed\nStatus: 4.4.7\n"
    "Diagnostic-Code: X-Postfix; delivery temporarily suspended",
    "5.7.30": "5.7.30",
}
