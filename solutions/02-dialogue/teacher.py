"""What only teachers have of exercise 02: hidden tests, common mistakes, other right answers, rubrics."""
from smtplab.course.graded.mark import mark
from smtplab.course.graded.probe import Probe
def more(world): 
    from smtplab.course.graded.sets.e02_dialogue import _calm
    return [Probe("x", (world.sender, world.recipients[:1], "a\r\n.b\r\n"), _calm)]
def judge(tried, world):
    yield mark("another message", 2, "..b" in tried[0].said(), "A line with a dot in another message.")
HIDDEN = {"dialogue-4": judge}
HIDDEN_PROBES = {"dialogue-4": more}
