"""The journey without the map: with smtplab, and with what an operator has, which is logs and dig."""

from __future__ import annotations

JOURNEY = {
    "smtplab": """\
from smtplab import Lab

lab = Lab()
delivery = lab.submit("From: alice@acorn.example\\nTo: bob@birch.example\\nSubject: way\\n\\nHello\\n")
for event in lab.timeline(delivery):
    print(event.line())

for mail in lab.mailbox("bob@birch.example"):
    print(mail.message.get_all("Received"))       # the newest hop is on top
""",
    "the shell": """\
dig +short MX birch.example                       # where mail for a domain goes
grep QUEUE_ID /var/log/mail.log                   # Postfix: each host logs its part, under its own id
exigrep MESSAGE_ID /var/log/exim4/mainlog         # Exim
""",
}
