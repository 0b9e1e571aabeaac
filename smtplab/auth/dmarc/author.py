"""The author domain (RFC 9989 §5.3.1): the one domain in From that a DMARC check is about.

It is what a reader of headers found in From. A message with none, or with several, is not for DMARC.
"""

from __future__ import annotations

from smtplab.mail.domain import check_domain, to_ascii
from smtplab.mail.errors import RecordError
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

from .walk import Walk

AUTHOR = "RFC 9989 §5.3.1"
MOST = 1000  # domains of one From that are looked at


def author_of(domains: list[str]) -> tuple[str, Step]:
    """The one domain in From as A-labels, or "" with the reason why DMARC says nothing."""
    names = list(dict.fromkeys(to_ascii(one.strip().removesuffix(".")) for one in domains[:MOST] if one))
    if not names:
        return "", Step("From", "there is no domain in it, so there is nobody to ask", "none", AUTHOR)
    if len(names) > 1:
        shown = ", ".join(visible(one)[:100] for one in names[:3])
        why = f"{len(names)} domains ({shown}): DMARC is for mail with one, and says nothing"
        return "", Step("From", why, "none", AUTHOR)
    try:
        check_domain(names[0], literal=False)
    except RecordError as error:
        return "", Step("From", f"no domain to ask about: {error.message}", "none", AUTHOR)
    return names[0], Step("From", f"its domain is {names[0]}", "", AUTHOR)


def old_way(author: str, walk: Walk) -> tuple[Step, ...]:
    """What RFC 7489 did, where it could lead elsewhere."""
    between = [domain for domain, _ in walk.records if domain not in (author, walk.organization)]
    if between:
        why = f"until 2026 the record of {between[0]} was not looked for: a list of suffixes was used"
    elif any(record.psd != "u" for _, record in walk.records):
        why = "until 2026 a list of public suffixes was used in place of psd="
    else:
        return ()
    return (Step("RFC 7489", why, "", "RFC 7489 §3.2"),)
