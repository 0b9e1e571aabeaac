"""What a lesson needs beyond the mail system: predict, hint, quiz, glossary, progress, and exercises.

A lesson's first cell calls `lesson`; after that each piece stands alone in its cell. All of them show
themselves as widgets with a kernel, as HTML without one, and as text in a terminal.
"""

from .forms import form
from .gains import gain
from .graded import check, exercise
from .hints import hint
from .lessons import glossary, lesson
from .predictions import explain, predict
from .progress import progress
from .question import question
from .quizzes import quiz

__all__ = [
    "check",
    "exercise",
    "explain",
    "form",
    "gain",
    "glossary",
    "hint",
    "lesson",
    "predict",
    "progress",
    "question",
    "quiz",
]
