"""A study on photographs from a wheel, served by the installed command in a process of its own."""

import re
import signal
import subprocess
from pathlib import Path

import httpx2
import numpy as np
import skimage.data
from PIL import Image, ImageFilter
from tests.end_to_end.command import COMMAND
from tests.waiting import LONGEST, wait_until

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.store import create_study
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

CONTENTS = ("astronaut", "chelsea", "coffee", "rocket")
METHODS = ("mild", "soft", "strong")
DESIGN = StudyDesign(seed=11, repeats=0.1, swapped_repeats=0.1, repeat_gap=2, session_length=50)


class Server:
    """A server that can be killed and started again on its port, and doesn't outlive its `with` block."""

    def __init__(self, study: str | Path, folder: Path) -> None:
        self.study, self.folder = str(study), folder
        self.port, self.links, self.process = 0, {}, None

    def start(self) -> "Server":
        """Start it; returns once it answers."""
        out, err = self.folder / "serve.out", self.folder / "serve.err"
        command = [COMMAND, "annotate", "serve", self.study, "--port", str(self.port)]
        with out.open("w") as stdout, err.open("w") as stderr:
            self.process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        try:
            self.links = wait_until(lambda: printed_links(out), "links of the server", process=self.process, stderr=err)
        except BaseException:
            self.kill()
            raise
        self.url = self.links["lead"].partition("/enter")[0]
        self.port = int(re.search(r":(\d+)$", self.url).group(1))
        httpx2.get(f"{self.url}/enter", timeout=LONGEST).raise_for_status()
        return self

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LONGEST)


def printed_links(out: Path) -> dict[str, str]:
    """Person to personal link, as a server printed them; empty until all are there, of which the lead's comes last."""
    lines = [line.split() for line in out.read_text().splitlines(keepends=True) if line.endswith("\n")]
    links = {line[0]: line[1] for line in lines if len(line) == 2 and "/enter#" in line[1]}
    return links if "lead" in links else {}


def make_study(folder: Path, *, design: StudyDesign = DESIGN, practice: bool = True, contents: int = 4) -> Path:
    """Photographs blurred by three strengths; all pairs of a content. Practice pairs are of one more content."""
    main = manifest_of(folder / "data", CONTENTS[:contents], None)
    shown = manifest_of(folder / "practice", ("coffee",), Preference.A) if practice else None
    create_study(str(folder / "study.db"), main, design, shown)
    return folder / "study.db"


def manifest_of(root: Path, contents: tuple[str, ...], known: Preference | None) -> Manifest:
    root.mkdir(parents=True)
    images, pairs = [], []
    for content in contents:
        photograph = Image.fromarray(getattr(skimage.data, content)()).convert("RGB").crop((40, 20, 360, 260))
        names = [f"{content}-{method}" for method in METHODS]
        for strength, (method, name) in enumerate(zip(METHODS, names, strict=True)):
            noise = np.random.default_rng(strength).normal(0, 4, (240, 320, 3))
            blurred = np.asarray(photograph.filter(ImageFilter.GaussianBlur(0.6 * strength)), np.float64) + noise
            Image.fromarray(blurred.clip(0, 255).astype(np.uint8)).save(root / f"{name}.png")
            images.append(ImageRecord(name, f"{name}.png", "wheel", RestorationTask.DEBLURRING, content, method))
        pairs += [Pair(a, b, known) for place, a in enumerate(names) for b in names[place + 1 :]]
    if known is not None:
        pairs = pairs[:2]
    write_manifest(Manifest(root, tuple(images), tuple(pairs), {"made": "of photographs from scikit-image's wheel"}))
    return read_manifest(root)
