"""What a reader sees of markup: for tests of words that do not ask how they are drawn."""

from __future__ import annotations

import re
from html import unescape

_UNSEEN = re.compile(r"<style.*?</style>|<[^>]+>", re.DOTALL)


def seen(markup: object) -> str:
    """The words between the tags, with single spaces."""
    return " ".join(unescape(_UNSEEN.sub(" ", str(markup))).split())
