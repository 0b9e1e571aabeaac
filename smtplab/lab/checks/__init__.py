"""What a receiver checks of mail from outside: SPF, DKIM and DMARC, and what it does about the outcome."""

from .checks import Checks
from .judgement import Judgement

__all__ = ["Checks", "Judgement"]
