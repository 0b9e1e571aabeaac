"""DNS answers that somebody pasted: what dig, nslookup, host and PowerShell print, or lines of a zone."""

from .commands import commands
from .known import Answers, NotAtHand, Remark
from .reading import read

__all__ = ["Answers", "NotAtHand", "Remark", "commands", "read"]
