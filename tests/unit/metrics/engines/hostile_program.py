"""A program that keeps the protocol until it sees a certain picture, then does what its metric is called."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

TRIGGER = 200  # the last byte of a picture that sets the misdeed off; other pictures score their last byte
SCORE = 1.5
NOTE = os.environ["HOSTILE_NOTE"]


def write(line: bytes) -> None:
    os.write(1, line)


def say(turn: int, **answer: object) -> None:
    write(json.dumps({"turn": turn, **answer}).encode() + b"\n")


def hang() -> None:
    time.sleep(600)


def leave(words: str, code: int) -> None:
    sys.stderr.write(words)
    sys.stderr.flush()
    os._exit(code)


def close(turn: int) -> None:
    os.close(1)
    hang()


def half_a_line(turn: int) -> None:
    write(b'{"turn": ')
    os._exit(0)


def twice(turn: int) -> None:
    answers = ({"turn": turn, "score": SCORE}, {"turn": turn + 1, "score": 9.0})
    write(b"".join(json.dumps(answer).encode() + b"\n" for answer in answers))


def later(turn: int) -> None:
    say(turn, score=SCORE)
    while not Path(NOTE).exists():  # until the first one has been taken
        time.sleep(0.01)
    say(turn + 1, score=9.0)


def dies_later(turn: int) -> None:
    say(turn, score=SCORE)
    os._exit(4)


def huge_line(turn: int) -> None:
    while True:
        write(b"x" * 65536)


def flood(turn: int) -> None:
    for _ in range(64):
        sys.stderr.write("noise " * 20_000)
    say(turn, score=SCORE)


def child(turn: int) -> None:
    started = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)
    Path(NOTE).write_text(str(started.pid))
    os.abort()


MISDEEDS: dict[str, Callable[[int], object]] = {
    "crash": lambda turn: os.abort(),
    "exit": lambda turn: leave("out of memory, or so\n", 3),
    "hang": lambda turn: (Path(NOTE).touch(), hang()),
    "close": close,
    "garbage": lambda turn: write(b"\xff\xfe not JSON\n"),
    "no-object": lambda turn: write(b"[1.5]\n"),
    "deep": lambda turn: write(b"[" * 60_000 + b"\n"),
    "half-a-line": half_a_line,
    "list": lambda turn: say(turn, score=[SCORE, 2.5]),
    "nothing": say,
    "text": lambda turn: say(turn, score="1.5"),
    "true": lambda turn: say(turn, score=True),
    "both": lambda turn: say(turn, score=SCORE, error="and yet"),
    "out-of-order": lambda turn: say(turn + 1, score=SCORE),
    "no-turn": lambda turn: write(b'{"score": 1.5}\n'),
    "twice": twice,
    "later": later,
    "dies-later": dies_later,
    "huge-line": huge_line,
    "flood": flood,
    "child": child,
    "nan": lambda turn: say(turn, score=float("nan")),
    "infinite": lambda turn: write(b'{"turn": %d, "score": 1e999}\n' % turn),
    "huge-integer": lambda turn: write(b'{"turn": %d, "score": 1%s}\n' % (turn, b"0" * 400)),
    "error": lambda turn: say(turn, error="the picture is too small"),
    "loads-once": lambda turn: os.abort(),
    "other-weights": lambda turn: os.abort(),
}


def load(metric: str, turn: int) -> None:
    note = Path(NOTE + ".loads")
    with note.open("a") as file:
        file.write("x")
    times = note.stat().st_size
    if metric == "cannot-load" or (metric == "loads-once" and times > 1):
        say(turn, error="URLError: no network")
    elif metric == "crashes-at-load":
        os.abort()
    elif metric == "load-nonsense":
        say(turn, weights=3)
    else:
        say(turn, weights=f"hash {times}" if metric == "other-weights" else None)


def serve() -> None:
    start = os.environ.get("HOSTILE_START", "")
    if start == "dies":
        leave("Traceback\nImportError: no module named pyiqa\n", 1)
    if start == "hangs":
        hang()
    write(b'{"ready": false, "error": "ImportError: torch"}\n' if start == "says-no" else b'{"ready": true}\n')
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "load" in request:
            load(request["load"], request["turn"])
            continue
        level = Path(request["image"]).read_bytes()[-1]
        if level < TRIGGER:
            say(request["turn"], score=float(level))
        else:
            MISDEEDS[request["score"]](request["turn"])


if __name__ == "__main__":
    serve()
