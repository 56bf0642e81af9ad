"""A program whose library prints wherever it can, reads its input, and leaves a chatty child behind."""

import os
import subprocess
import sys

from serving import serve


def noise(where):
    sys.stdout.write(f"noise on sys.stdout, {where}\n")
    sys.stdout.flush()
    os.write(1, b'{"turn": 1, "score": 99}\n')  # as C would, and in our own words
    subprocess.run(["sh", "-c", "echo noise of a child; cat"], check=True)
    assert sys.stdin.read() == ""


class Noisy:
    def __init__(self, device):
        noise("at import")
        self.device = device

    def load(self, metric, known):
        noise("at load")
        if metric == "broken":
            raise OSError("the hub\ndidn't\n\nanswer")
        if known is not None and self.device == "cpu":
            return known  # the one that is asked for
        return f"on {self.device}, known {known}"

    def score(self, metric, image, reference):
        noise("at score")
        if image.max() > 200:
            raise ValueError
        return (int(image[0, 0, 0]) if reference is None else int(image[0, 0, 0]) - int(reference[0, 0, 0])) / 2


serve(Noisy)
