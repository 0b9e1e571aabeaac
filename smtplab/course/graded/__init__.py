"""Exercises: a world for every student, and answers that are judged by running the protocol on them.

    world = exercise("09-spf")      # what this student is given
    check("spf-2", answer)          # points and reasons, at once

Read in this order: `world` (what is drawn), `exercise` (what is asked), `answers` and `probe` (what may be
answered), `mark` (what it is worth), `checking` (all of it together), `terms` (a class).
"""

from .checking import check, exercise, grade

__all__ = ["check", "exercise", "grade"]
