"""What a submission may try, each with what must come of it.

An attack is code that runs in a sandbox before an answer is judged. `outcome` is the sandbox's; the answer
gets no more than `points`; and `told` is somewhere in what is said of it: by the sandbox, by the cell's
error, or by the check. @NAMES@ are filled in by the test: places, processes and ports outside the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass

NO_FILE = "No such file or directory"
# The grader's end of things, as the code inside can find it: its number is on the command line.
CHANNEL = """
import json, os, socket, struct, sys, threading, time
line = open("/proc/self/cmdline").read().split("\\0")
end = socket.socket(fileno=os.dup(int(line[line.index("smtplab.course.grading.inside") + 1])))
def frame(message):
    text = json.dumps(message).encode()
    return struct.pack("!I", len(text)) + text
"""
# What the program inside calls when it goes on, and the message that it is at.
PROGRAM = """
import gc
things = [one for one in gc.get_objects() if type(one) is dict]
program = next(one for one in things if "receive_with_file" in one and "Cells" in one)
asked = next(one for one in things if set(one) == {"run", "id"})
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack: its name, its code, and what must come of it. `task` is what is judged after it.

    `walls`: it is walls that hold it, so that there is nothing to try where there are none.
    """

    name: str
    code: str
    told: str
    outcome: str = "ok"
    points: float = 0
    task: str = "spf-2"
    walls: bool = False


def call(name: str, code: str, told: str, outcome: str = "ok", points: float = 0) -> Attack:
    """An attack by way of an answer that should be a function."""
    return Attack(name, code, told, outcome, points, "spf-5")


def prey(name: str, code: str, told: str) -> Attack:
    """An attack on what is outside."""
    return Attack(name, code, told, walls=True)


LIES = [
    Attack(
        "an object equal to everything",
        "class Equal:\n    def __eq__(self, other): return True\nspf_2 = Equal()",
        "an object of type Equal",
    ),
    Attack(
        "a dict that is equal to every dict",
        "class Equal(dict):\n    def __eq__(self, other): return True\nspf_2 = Equal(A=1)",
        "an object of type Equal",
    ),
    Attack(
        "texts that are equal to every text",
        "class Text(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\n"
        "spf_2 = {name: [Text('x'), Text('pass')] for name in 'ABCDE'}",
        "an object of type Text",
    ),
    Attack(
        "a class that lies about its type",
        "class Lie:\n    __class__ = property(lambda self: dict)\n"
        "    def items(self): return [('A', ['x', 'pass'])]\n"
        "Lie.__name__ = 'dict'\nspf_2 = Lie()",
        "an object of type dict",
    ),
    Attack("a text that is half a character", "spf_2 = {'A': ['\\ud800', 'x']}", "of 5"),
    Attack("a huge answer", "spf_2 = {'A': ['x' * 3_000_000, 'pass']}", "larger than 1,000,000 characters"),
    Attack(
        "a deeply nested answer",
        "spf_2 = [1]\nfor _ in range(100_000): spf_2 = [spf_2]",
        "nested more than 20 levels",
    ),
    Attack("a list in itself", "spf_2 = [1]\nspf_2.append(spf_2)", "nested more than 20 levels"),
    Attack("a number of a million digits", "spf_2 = {'A': [10 ** 1_000_000, 'pass']}", "ValueError"),
    call(
        "a function that returns another type every second time",
        "turns = []\ndef matches(term, ip):\n    turns.append(1)\n    return [False, 'yes'][len(turns) % 2]",
        "it gave 'yes', not",
    ),
    call(
        "a function that returns what is equal to everything",
        "class Equal:\n    def __eq__(self, other): return True\ndef matches(term, ip): return Equal()",
        "What was returned holds an object of type Equal",
    ),
    call(
        "a function that raises what cannot be told",
        "class Mute(Exception):\n    def __str__(self): raise self\ndef matches(term, ip): raise Mute",
        "Mute",
    ),
]

PATCHES = [
    Attack(
        "a patched checker",
        "from smtplab.course.graded import checking, mark\n"
        "from smtplab.course.graded.exercise import _judges\n"
        "full = lambda *_: [mark.Mark('all', 4, 4, 'well done')]\n"
        "checking.marks = checking.judged = checking.hidden = checking._marks = full\n"
        "for name, (wanted, _, probes) in list(_judges.items()):\n"
        "    _judges[name] = wanted, full, probes\n"
        "mark.Score.points = mark.Score.of = 4\nspf_2 = {'A': ['x', 'x']}",
        "of 5",
    ),
    Attack(
        "a patched copy into plain data",
        PROGRAM + "program['plain'] = lambda value: value\n"
        "class Equal(dict):\n    def __eq__(self, other): return True\nspf_2 = Equal(A=['x', 'x'])",
        "of 5",
    ),
    call(
        "a patched trial",
        PROGRAM + "from smtplab.course.graded.probe import Tried\n"
        "program['run'] = lambda function, probes: [Tried('', True)]\ndef matches(term, ip): return None",
        "it gave True, not",
    ),
    Attack(
        "patched JSON",
        "import json\njson.dumps = lambda *_, **__: '{\"points\": 4}'\nspf_2 = {}",
        "meddled with the grader's messages",
        "tampered",
    ),
    Attack(
        "patched builtins",
        "import builtins\nbuiltins.len = builtins.isinstance = builtins.type = lambda *_: 1\nspf_2 = {}",
        "ended before its time",
        "crashed",
    ),
    Attack(
        "another loop in place of the program's",
        PROGRAM + "program['Cells']._answer = lambda *_: {'points': 4, 'outcome': 'ok'}",
        "meddled with the grader's messages",
        "tampered",
    ),
    Attack(
        "every reply twice",
        PROGRAM + "once = program['send']\n"
        "program['send'] = lambda *given: (once(*given), once(*given))\nspf_2 = {'A': ['x', 'x']}",
        "meddled with the grader's messages",
        "tampered",
    ),
    Attack(
        "garbage on the channel",
        CHANNEL + "end.sendall(os.urandom(999))",
        "meddled with the grader's",
        "tampered",
    ),
    Attack(
        "a forged message",
        CHANNEL + "end.sendall(frame({'id': 1, 'raised': [], 'value': {}, 'points': 4}))",
        "a reply to no question",
        "tampered",
    ),
    Attack(
        "a message of 4 GB",
        CHANNEL + "end.sendall(b'\\xff' * 4 + bytes(1000))",
        "a message is too large",
        "tampered",
    ),
    Attack(
        "a message nested a million deep",
        CHANNEL + "end.sendall(struct.pack('!I', 1_000_000) + b'[' * 1_000_000)",
        "a message is not JSON",
        "tampered",
    ),
    Attack(
        "a message that comes drop by drop",
        CHANNEL
        + "end.sendall(struct.pack('!I', 1_000_000))\nwhile True: end.sendall(b'['); time.sleep(0.01)",
        "It took more than 3 seconds",
        "timed out",
    ),
    Attack(
        "a cell that never returns, while a thread answers for it",
        CHANNEL + PROGRAM + "def answer(number):\n"
        "    end.sendall(frame({'id': number, 'raised': []}))\n"
        "    while True:\n"
        "        question = json.loads(end.recv(struct.unpack('!I', end.recv(4))[0]))\n"
        "        end.sendall(frame({'id': question['id'], 'value': {'A': ['x', 'x']}}))\n"
        "threading.Thread(target=answer, args=[asked['id']], daemon=True).start()\n"
        "while True: time.sleep(1)",
        "of 5",
    ),
    Attack("a closed channel", "import os\nos.closerange(0, 64)", "ended before its time", "crashed"),
]

ENDS = [
    Attack("os._exit", "import os\nos._exit(0)", "ended before its time (exit code 0)", "crashed"),
    Attack("sys.exit", "import sys\nsys.exit(0)", "SystemExit: 0"),
    Attack("a fault in C", "import ctypes\nctypes.string_at(0)", "(signal 11)", "crashed"),
    Attack("recursion", "def deep(): return deep()\nspf_2 = deep()", "RecursionError"),
    Attack(
        "an error in every cell",
        "raise ValueError('no')\nspf_2 = {}",
        "No answer yet: nothing is called spf_2",
    ),
    call(
        "os._exit in a function", "import os\ndef matches(term, ip): os._exit(0)", "(exit code 0)", "crashed"
    ),
    call("sys.exit in a function", "import sys\ndef matches(term, ip): sys.exit(3)", "SystemExit"),
    Attack(
        "killing its parent",
        "import os\nos.kill(os.getppid(), 9)\nos.kill(1, 9)",
        "No answer yet",
        walls=True,
    ),
    Attack("killing everybody", "import os\nos.kill(-1, 9)", "No answer yet", walls=True),
    prey("killing the grader", "import os\nos.kill(@GRADER@, 9)", "ProcessLookupError"),
]

TIME = [
    Attack("an endless loop", "while True: pass", "It took more than 3 seconds", "timed out"),
    Attack(
        "an endless loop that hears no signal",
        "import signal\n"
        "for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(one, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "It took more than 3 seconds",
        "timed out",
    ),
    Attack(
        "stopping itself", "import os\nos.kill(os.getpid(), 19)", "It took more than 3 seconds", "timed out"
    ),
    call(
        "an endless function",
        "def matches(term, ip):\n    while True: pass",
        "more than 3 seconds",
        "timed out",
    ),
]

SPACE = [
    Attack(
        "a memory bomb", "all = []\nwhile True: all.append(b'x' * 1_000_000)", "of memory", "too much memory"
    ),
    Attack("all memory at once", "all = bytearray(10 ** 13)", "MemoryError"),
    Attack(
        "a memory bomb in many processes",
        "import os, time\nfor _ in range(12):\n    if not os.fork():\n        big = b'x' * 40_000_000\n"
        "        time.sleep(60)\ntime.sleep(60)",
        "of memory",
        "too much memory",
    ),
    Attack("a fork bomb", "import os\nwhile True: os.fork()", "processes", "too many processes"),
    Attack(
        "a thread bomb",
        "import threading, time\n"
        "while True: threading.Thread(target=time.sleep, args=[60], daemon=True).start()",
        "can't start new thread",
    ),
    Attack("an output flood", "while True: print('x' * 10_000)", "MB of output", "too much output"),
    Attack(
        "an output flood from a program",
        "import subprocess\nsubprocess.run(['yes'])",
        "MB of output",
        "too much output",
    ),
    Attack(
        "a file flood",
        "for number in range(100):\n    with open(f'{number}', 'wb') as file: file.write(b'x' * 4_000_000)",
        "No space left",
        walls=True,
    ),
    Attack("a file that is too large", "open('big', 'wb').truncate(20_000_000)", "File too large"),
    Attack(
        "a flood of empty files",
        "number = 0\nwhile True:\n    number += 1\n    open(f'{number}', 'w').close()",
        "files",
        "too much output",
        walls=True,
    ),
    Attack(
        "memory as a file",
        "import os\nos.write(os.memfd_create('x'), bytes(20_000_000)); 1/0",
        "ZeroDivisionError",
    ),
]

OUTSIDE = [
    prey("reading the solutions", "spf_2 = open('@COURSE@/solutions/09-spf/teacher.py').read()", NO_FILE),
    prey("reading the term's secret", "spf_2 = open('@TERM@/secret').read()", NO_FILE),
    prey("reading another submission", "spf_2 = open('@OTHER@').read()", NO_FILE),
    prey("reading a home", "import os\nspf_2 = os.listdir('@HOME@')", NO_FILE),
    prey("reading the users of the machine", "spf_2 = open('/etc/passwd').read()", NO_FILE),
    prey(
        "the grader's environment",
        "import os\nspf_2 = [name for name in os.environ if name in ('SMTPLAB_TERM', 'PREY')]",
        "No answer yet",
    ),
    prey("writing into the course", "open('@COURSE@/solutions/09-spf/teacher.py', 'w')", NO_FILE),
    prey(
        "writing into this package",
        "import smtplab\nopen(smtplab.__file__, 'a').write('#')",
        "Read-only file system",
    ),
    prey("writing into its own pack", "open('smtplab-pack.json', 'w').write('{}')", "Read-only file system"),
    prey(
        "leaving by a mount",
        "import subprocess\nsubprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True)",
        "CalledProcessError",
    ),
    prey(
        "leaving by a namespace",
        "import subprocess\nsubprocess.run(['unshare', '-U', 'true'], check=True)",
        "CalledProcessError",
    ),
    prey(
        "a port of the grader's machine",
        "import socket\nsocket.create_connection(('127.0.0.1', @PORT@), 2)",
        "refused",
    ),
    prey("the network", "import socket\nsocket.create_connection(('192.0.2.1', 25), 2)", "unreachable"),
    prey(
        "a socket of the grader's machine",
        "import socket\nsocket.socket(socket.AF_UNIX).connect('@SOCKET@')",
        NO_FILE,
    ),
    Attack(
        "recomputing the truth from a public seed",
        "from smtplab.course.graded.world import made, public_seed\n"
        "truth = made('09-spf', 'ada', public_seed('09-spf', 'ada')).truth\n"
        "spf_1 = truth['decide']",
        "of 6",
        task="spf-1",
    ),
    Attack(
        "the truth of its own world",
        "from smtplab import exercise\nfrom smtplab.course.graded.world import draw\n"
        "spf_2 = dict(draw('09-spf').truth)",
        "TypeError",
    ),
]

ATTACKS = [*LIES, *PATCHES, *ENDS, *TIME, *SPACE, *OUTSIDE]
