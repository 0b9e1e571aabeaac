"""A certificate as HTML: whose it is, which names it is for, who vouches for it, and for how long.

It judges nothing: what a client makes of a certificate is told by the client. All texts are made visible
and escaped, because whoever answers on a port writes them.
"""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from ..mail.certificate import Certificate
from .theme import shown, style


def html(certificate: Certificate) -> Markup:
    """`certificate` as one HTML fragment, with its style, that needs no script and no kernel."""
    rows = [(h.dt[label], h.dd[h.code[shown(text)]]) for label, text in certificate.rows()]
    return Markup(h.div(".smtplab.smtplab-card.smtplab-certificate")[style(), h.dl[rows]])
