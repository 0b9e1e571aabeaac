"""Grading a class: every submission in a sandbox, its answers judged outside, the results on disk.

Read in this order: `submissions` (what was handed in), `sandbox` and `inside` (where its code runs), `remote`
(an answer seen from outside), `judging` (points and reasons), `running` and `cluster` (many at once), `store`
(what is kept).
"""
