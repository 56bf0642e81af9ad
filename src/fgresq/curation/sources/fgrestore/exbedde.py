"""exBeDDE: real haze, removed by ten methods an image."""

import re
from pathlib import PurePosixPath

import numpy as np

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import matlab_variables
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree, is_image, without_image_suffix
from fgresq.errors import LayoutError
from fgresq.images.decode import printable
from fgresq.records import RestorationTask

_GROUP = re.compile(r"([^/]+)/(\1_\d+)/[^/]+")
_HAZY = re.compile(r"([^/]+)/fog/(\1_\d+)\.\w+")


def _read(tree: Tree) -> Reading:
    reading = Reading()
    groups: dict[str, None] = {}
    for file in tree:
        if match := _HAZY.fullmatch(file):
            reading.aside.add(file)
            groups[f"{match[1]}/{match[2]}"] = None
        elif match := _GROUP.fullmatch(file):
            groups[f"{match[1]}/{match[2]}"] = None
    if not groups:
        reading.missing.append("CITY/CITY_N/ (no group of images)")
    for group in groups:
        _read_group(tree, group, reading)
    return reading


def _read_group(tree: Tree, group: str, reading: Reading) -> None:
    content = PurePosixPath(group).name
    file = tree.find(f"{group}/{content}_scores.mat")
    if file is None:
        reading.missing.append(f"{group}/{content}_scores.mat")
        return
    by_stem = {PurePosixPath(image).stem.lower(): image for image in tree.below(group) if is_image(image)}
    for name, score in _scores(tree, file):
        stem = without_image_suffix(name)
        reading.add(
            Entry(
                path=by_stem.get(stem.lower(), f"{group}/{name}"),
                content=content,
                algorithm=stem.removeprefix(f"{content}_"),
                label=score,
                task=RestorationTask.DEHAZING,
            )
        )


def _scores(tree: Tree, file: str) -> list[tuple[str, float]]:
    path = tree.path(file)
    struct = matlab_variables(path, ["imageScores"])["imageScores"]
    if not isinstance(struct, dict) or not {"image_names", "scores"} <= struct.keys():
        raise LayoutError(f"{printable(path)}: imageScores isn't a struct with image_names and scores")
    names = [str(name) for name in np.atleast_1d(struct["image_names"])]
    scores = np.atleast_1d(np.asarray(struct["scores"], dtype=np.float64)).tolist()
    if len(names) != len(scores):
        raise LayoutError(f"{printable(path)}: has {len(names)} names and {len(scores)} scores")
    return list(zip(names, scores, strict=True))


EXBEDDE = Source(
    name="exBeDDE",
    title="Dehazed images of real haze over twelve cities",
    purpose=Purpose.FGRESTORE,
    home_page="https://github.com/xiaofeng94/BeDDE-for-defogging",
    citation="Zhao, Zhang, Huang, Shen and Zhao, Dehazing evaluation: Real-world benchmark datasets, criteria, and "
    "baselines, IEEE Transactions on Image Processing 29, 2020, 6947-6962",
    labels=Labels(kind="score", higher_is_better=False, turned_at=1.0001),
    expected=Expected(images=1_670, contents=167, tasks={RestorationTask.DEHAZING: 1_670}),
    layout="""\
beijing/fog/beijing_1.png                       hazy input
beijing/beijing_1/beijing_1_METHOD.png
beijing/beijing_1/beijing_1_scores.mat          imageScores with image_names and scores""",
    found=Found(
        content="city and number, such as beijing_1 (Tianjin is spelled tianjing)",
        task="dehazing",
        algorithm="what follows the content in the image's name",
        label="imageScores.scores of the group, as 1.0001 - score, which is how the authors use it",
        reference="none: BeDDE's one clear photograph a city isn't aligned with the hazy ones",
    ),
    read=_read,
    notes=(
        "That raw scores are lower for better images follows from the authors' code. The paper's correlations with "
        "full-reference metrics on this source are negative, so it seems to have used them as they are.",
    ),
)
