"""The same without the timeline: with smtplab, and with the commands and settings of Postfix and Exim.

The values of Postfix and Exim are their defaults. The snippets show and wait; none of them changes a queue
but by trying what is in it.
"""

from __future__ import annotations

SMTPLAB = """\
from smtplab import Lab

message = "From: alice@acorn.example\\nTo: bob@birch.example\\nSubject: waiting\\n\\nHello\\n"

lab = Lab()
lab.stop_host("mx.birch.example")         # and lab.start_host(...) when you have waited enough
{setup}
lab.clock.advance(minutes=30)             # the time is yours: hours=6, days=5

for history in {what}:
    print(history.host, history.id, dict(history.outcomes))
    for attempt in history.attempts:
        print(attempt.when, attempt.host, attempt.outcome, attempt.reply or attempt.note)
    for notice in history.notices:        # DSNs
        print(notice.when, notice.action, notice.to or "<>", notice.why_not)
    print("next attempt:", history.next_try, "given up at:", history.give_up_at)
"""

POSTFIX = """\
postqueue -p                   # who waits, since when, and the last reply to each
postqueue -j                   # the same, an object of JSON a message
postcat -q QUEUE_ID            # the envelope and the message
postqueue -i QUEUE_ID          # try this one now; postqueue -f tries all: greylisting will not like it

# main.cf, with its defaults: the shortest and the longest wait after a failure; it grows with the age
minimal_backoff_time = 300s
maximal_backoff_time = 4000s
# How often the queue is looked through
queue_run_delay = 300s
# When a message goes back with a DSN; and when a DSN itself is given up
maximal_queue_lifetime = 5d
bounce_queue_lifetime = 5d
# When the sender is warned that it takes long; 0 is never
delay_warning_time = 0h

# In a shell: see for yourself
postconf -d minimal_backoff_time maximal_queue_lifetime delay_warning_time
"""

EXIM = """\
exim -bp                       # who waits, and since when
exim -Mvl MESSAGE_ID           # that message's log: each attempt and its reply
exim -M MESSAGE_ID             # try this one now; exim -qff tries all

# In the default configuration
delay_warning = 24h

begin retry
# address or domain   error   every 15 minutes for 2 hours; then from 1 hour on, half as long again each
#                             time, up to 16 hours; then every 6 hours, up to 4 days
*                     *       F,2h,15m; G,16h,1h,1.5; F,4d,6h
"""


SETUPS = {
    "delivery": ("delivery = lab.submit(message)", "lab.history(delivery)"),
    "host": ("lab.submit(message)           ",
             "(item.history(lab.clock.now()) for item in lab.queue({host!r}))"),
}  # fmt: skip


def snippets(host: str = "") -> dict[str, str]:
    """Tool -> code, for one delivery, or for all that the queue of `host` has."""
    setup, what = SETUPS["host" if host else "delivery"]
    ours = SMTPLAB.format(setup=setup, what=what.format(host=host))
    return {"smtplab": ours, "Postfix": POSTFIX, "Exim": EXIM}
