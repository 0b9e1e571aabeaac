"""Failure reports (ruf=, RFC 9991): what they would tell, when fo= asks for one, and why few are sent.

It explains and sends nothing: a failure report copies somebody's mail to a stranger.
"""

from __future__ import annotations

from collections.abc import Sequence

from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

FO = "RFC 9989 §4.7"
# fo= -> when it asks for a report
OPTIONS = {
    "0": "when no check gave an aligned pass, so when DMARC fails (the default)",
    "1": "when any check did not give an aligned pass, also where DMARC passes by the other one",
    "d": "when a DKIM signature did not verify, aligned or not",
    "s": "when SPF did not pass, aligned or not",
}
WHY_FEW = (
    ("privacy", "A report may hold a whole message, of people who did not ask for that.", "RFC 9991 §7"),
    ("volume", "Who forges a domain by the million makes reports by the million.", "RFC 9991 §2"),
    ("destination", "An address outside the organization has to agree, as for rua=.", "RFC 9991 §5"),
    ("no duty", "No receiver need send any, and they are rare: count on aggregate reports.", "RFC 9991 §2"),
)


def failure_reports(
    fo: str = "0",
    *,
    ruf: Sequence[str] = (),
    spf: str = "",
    dkim: Sequence[str] = (),
    spf_aligned: bool = False,
    dkim_aligned: bool = False,
) -> Verdict:
    """What fo= asks for, and whether a message with these results is such a case.

    `spf` is a result, `dkim` those of the signatures; aligned means that the check passed for an aligned
    domain. The result is pass where a report is asked for, none where it is not. Options that are not known
    are ignored (RFC 9989 §4.7).
    """
    cases = {
        "0": not (spf_aligned or dkim_aligned),
        "1": not (spf_aligned and dkim_aligned),
        "d": any(result == "fail" for result in dkim),
        "s": spf in ("fail", "softfail"),
    }
    steps: list[Step] = []
    wanted = False
    for option in dict.fromkeys(part.strip().lower() for part in fo.split(":")):
        if option not in OPTIONS:
            steps.append(
                Step(f"fo={visible(option)[:40]}", "This option is not known, and is ignored.", "", FO)
            )
            continue
        asked = cases[option]
        wanted |= asked
        why = f"It asks for a report {OPTIONS[option]}: {'so here' if asked else 'not here'}."
        steps.append(Step(f"fo={option}", why, "pass" if asked else "none", FO))
    if not ruf:
        steps.append(
            Step("ruf", "The record names no address for them, so fo= counts for nothing.", "none", FO)
        )
        wanted = False
    steps.append(
        Step(
            "why so few are sent",
            "This lab sends none either.",
            steps=tuple(Step(what, why, "", ref) for what, why, ref in WHY_FEW),
        )
    )
    question = f"does fo={visible(fo)[:40]} ask for a failure report here?"
    return Verdict("pass" if wanted else "none", "failure reports", question, tuple(steps))
