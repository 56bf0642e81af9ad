"""LIVE, release 2: five distortions."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import matlab_variables
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree
from fgresq.errors import LayoutError
from fgresq.images.decode import printable

_BLOCKS = {"jp2k": 227, "jpeg": 233, "wn": 174, "gblur": 174, "fastfading": 174}
_LABELS, _NAMES = "dmos_realigned.mat", "refnames_all.mat"


def _read(tree: Tree) -> Reading:
    reading = Reading()
    labels, names = tree.find(_LABELS), tree.find(_NAMES)
    reading.missing += [file for file, found in ((_LABELS, labels), (_NAMES, names)) if found is None]
    if labels is None or names is None:
        return reading
    scores = _vector(tree, labels, "dmos_new")
    originals = _vector(tree, labels, "orgs")
    references = _vector(tree, names, "refnames_all")
    for place, (kind, number) in enumerate(_images()):
        path = f"{kind}/img{number}.bmp"
        if int(originals[place]) == 1:  # a copy of the reference among the distorted images
            reading.aside.add(tree.find(path) or path)
            continue
        reference = str(references[place])
        reading.add(
            Entry(
                path=path,
                content=reference.rsplit(".", 1)[0],
                algorithm=kind,
                label=float(scores[place]),
                reference=f"refimgs/{reference}",
            )
        )
    return reading


def _images() -> Iterator[tuple[str, int]]:
    """The images in the order of the labels."""
    for kind, count in _BLOCKS.items():
        yield from ((kind, number) for number in range(1, count + 1))


def _vector(tree: Tree, file: str, name: str) -> list[Any]:
    path = tree.path(file)
    values: list[Any] = np.ravel(matlab_variables(path, [name])[name]).tolist()
    if len(values) != sum(_BLOCKS.values()):
        raise LayoutError(f"{printable(path)}: {name} has {len(values)} values; {sum(_BLOCKS.values())} are needed")
    return values


LIVE = Source(
    name="LIVE",
    title="LIVE image quality assessment database, release 2",
    purpose=Purpose.RANGE_ANALYSIS,
    home_page="https://live.ece.utexas.edu/research/quality/subjective.htm",
    citation="Sheikh, Sabir and Bovik, A statistical evaluation of recent full reference image quality assessment "
    "algorithms, IEEE Transactions on Image Processing 15(11), 2006",
    labels=Labels(kind="realigned DMOS", higher_is_better=False, low=-2.64, high=111.77, turned_at=100.0),
    expected=Expected(images=779, contents=29, algorithms=5, references=29),
    layout="""\
jp2k/img1.bmp            and jpeg, wn, gblur, fastfading
refimgs/bikes.bmp
dmos_realigned.mat       dmos_new and orgs, 982 values: jp2k 227, jpeg 233, wn 174, gblur 174, fastfading 174
refnames_all.mat         refnames_all, 982 names""",
    found=Found(
        content="the reference's name",
        task="none: range analysis only",
        algorithm="the folder",
        label="dmos_new, as 100 - dmos_new; the 203 entries with orgs == 1 are copies of references and are left out",
        reference="refnames_all, in refimgs/",
    ),
    read=_read,
    notes=("dmos.mat, the scores before realignment, isn't read.",),
)
