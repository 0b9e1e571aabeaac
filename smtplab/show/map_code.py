"""The journey and the logbook in code: with smtplab, and with what operators have, which is logs and dig."""

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

LOGBOOK = {
    "smtplab": """\
for event in lab.timeline():                      # or lab.timeline(delivery)
    if event.kind == "dns" and event.host == "mail.acorn.example":
        print(event.when, event.text)

refused = [event for event in lab.timeline() if event.result == "refused"]
print(refused[0].verdict.text())                  # and event.transcript.text()
""",
    "the shell": """\
grep -h QUEUE_ID /var/log/mail.log                # one message on one host
journalctl -u postfix -u dovecot --since today    # all services of one host, by time
""",
}
