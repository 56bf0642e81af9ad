"""RealSRQ: real-world super-resolution; votes were within one scene and one scale."""

from collections.abc import Iterator

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import matlab_matrix
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree
from fgresq.records import RestorationTask

_LABELS = "subj_BT_score.mat"
_CATEGORIES = ("Buildings", "Manmade", "Natural", "People", "Scene", "Text")
_OF_A_CATEGORY = 10
_X2 = ("AIS", "Aplus", "ASDS", "BCI", "CSCN", "SPM", "SRCNN", "SRGAN", "USRnet", "VDSR")
_METHODS = {  # in the order of the columns
    2: _X2,
    3: tuple(method for method in _X2 if method != "SRGAN"),
    4: tuple(method for method in _X2 if method not in ("AIS", "SPM")),
}


def _columns() -> Iterator[tuple[int, str]]:
    for scale, methods in _METHODS.items():
        yield from ((scale, method) for method in methods)


def _read(tree: Tree) -> Reading:
    reading = Reading(aside={file for file in tree.below("HR_LR_pairs") if "_LR" in file})
    file = tree.one_named(_LABELS)
    if file is None:
        reading.missing.append(_LABELS)
        return reading
    columns = list(_columns())
    scores = matlab_matrix(tree.path(file), "score_matrix", (len(_CATEGORIES) * _OF_A_CATEGORY, len(columns)))
    for row, row_scores in enumerate(scores.tolist()):
        category, number = _CATEGORIES[row // _OF_A_CATEGORY], f"{row % _OF_A_CATEGORY + 1:03}"
        for (scale, method), score in zip(columns, row_scores, strict=True):
            folder = f"SR_results/{category}_SR/{category}_LR{scale}_SR/{number}"
            reading.add(
                Entry(
                    path=f"{folder}/{category}_{number}_LR{scale}_{method}.png",
                    content=f"{category}_{number}",
                    algorithm=method,
                    label=score,
                    task=RestorationTask.SUPER_RESOLUTION,
                    reference=f"HR_LR_pairs/{category}/{category}_HR/{category}_{number}_HR.png",
                    scale=f"x{scale}",
                )
            )
    return reading


REALSRQ = Source(
    name="RealSRQ",
    title="Real-world super-resolution",
    purpose=Purpose.FGRESTORE,
    home_page="https://github.com/Zhentao-Liu/RealSRQ-KLTSRQA",
    citation="Jiang, Liu, Gu, Shao, Zhang, Liu and Lin, Single image super-resolution quality assessment: a real-world "
    "dataset, subjective studies, and an objective metric, IEEE Transactions on Image Processing 31, 2022, 2279-2294",
    labels=Labels(kind="Bradley-Terry", higher_is_better=True),
    expected=Expected(
        images=1_620, contents=60, algorithms=10, references=60, tasks={RestorationTask.SUPER_RESOLUTION: 1_620}
    ),
    layout="""\
HR_LR_pairs/Buildings/Buildings_HR/Buildings_001_HR.png
SR_results/Buildings_SR/Buildings_LR2_SR/001/Buildings_001_LR2_METHOD.png
subj_BT_score.mat     score_matrix, 60 scenes x 27 (10 methods at x2, 9 at x3, 8 at x4); in any folder""",
    found=Found(
        content="category and number, such as Buildings_001; rows are in the order of the categories' names",
        task="super-resolution",
        algorithm="what follows the scale in the file name",
        label="score_matrix: the row is the scene, the column the scale and method",
        reference="the HR photograph",
        scale="x2, x3 or x4; votes were within one, and so are pairs",
    ),
    read=_read,
    notes=("Scores of two scales, or of two scenes, aren't comparable.",),
)
