"""IVIPC-DQA: real rain, removed by six methods."""

import re
from pathlib import PurePosixPath

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import matlab_matrix
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree, is_image
from fgresq.errors import LayoutError
from fgresq.images.decode import printable
from fgresq.records import RestorationTask

_LABELS = "realigned_mos.mat"
_CONTENTS, _METHODS = 206, 6


def _read(tree: Tree) -> Reading:
    reading = Reading()
    methods = _images_of_methods(tree)
    if not methods:
        reading.missing.append("Data/ (six folders of derained images)")
        return reading
    if len(methods) != _METHODS:
        raise LayoutError(
            f"{printable(tree.root)}: Data holds {len(methods)} folders of images ({', '.join(methods)}); the labels' "
            f"columns are the {_METHODS} methods' folders in the order of their names, so all must be there"
        )
    file = tree.one_named(_LABELS)
    if file is None:
        reading.missing.append(_LABELS)
        return reading
    scores = matlab_matrix(tree.path(file), "realigned_mos", (_CONTENTS, _METHODS))
    for column, (method, images) in enumerate(methods.items()):
        for content in range(1, _CONTENTS + 1):
            files = images.get(content, [])
            if len(files) > 1:
                reading.wrong.append(f"content {content} is there {len(files)} times: {', '.join(files)}")
            reading.add(
                Entry(
                    path=files[0] if files else f"Data/{method}/ (the image numbered {content})",
                    content=f"{content:03}",
                    algorithm=method,
                    label=float(scores[content - 1, column]),
                    task=RestorationTask.DERAINING,
                )
            )
    return reading


def _images_of_methods(tree: Tree) -> dict[str, dict[int, list[str]]]:
    """Method to number to files; methods in the order of their names."""
    methods: dict[str, dict[int, list[str]]] = {}
    for file in filter(is_image, tree.below("Data")):
        parts = PurePosixPath(file).parts
        number = re.search(r"\d+", parts[-1])
        if len(parts) == 3 and number:
            methods.setdefault(parts[1], {}).setdefault(int(number[0]), []).append(file)
    return dict(sorted(methods.items()))


IVIPC_DQA = Source(
    name="IVIPC-DQA",
    title="Derained images of real rain",
    purpose=Purpose.FGRESTORE,
    licence="non-commercial research and education only; rights to the images stay with the photographers (notice of "
    "the authors' code release)",
    citation="Wu, Wang, Ngan, Li and Meng, Beyond synthetic data: A blind deraining quality assessment metric towards "
    "authentic rain image, ICIP 2019, 2364-2368",
    labels=Labels(
        kind="realigned MOS",
        higher_is_better=True,
        low=5.58,
        high=147.19,
        spread=83.42,  # to the 99th percentile, 89: a few labels far above it would stretch the scale by two thirds
    ),
    expected=Expected(images=1_236, contents=206, algorithms=6, tasks={RestorationTask.DERAINING: 1_236}),
    layout="""\
Data/METHOD/...17...     six folders; the first whole number in a file's name, 1 to 206, is its content
realigned_mos.mat        realigned_mos, 206 x 6; in any folder""",
    found=Found(
        content="the first whole number in the file name",
        task="deraining",
        algorithm="the folder in Data/",
        label="realigned_mos: the row is the content, the column the method in the order of the folders' names",
    ),
    read=_read,
    notes=(
        "The paper's Table 1 says 2,136 images; there are 206 x 6 = 1,236.",
        "FGRestore keeps 2,397 of the 3,090 pairs that are possible here, so its tau kept at least 78%; ours may be "
        "too strict. Calibrate.",
    ),
)
