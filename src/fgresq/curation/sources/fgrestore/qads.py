"""QADS: super-resolved images, scored by pairwise comparison."""

import re

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import values_and_names
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree
from fgresq.records import RestorationTask

_LABELS = "mos_with_names.txt"
_NAME = re.compile(r"(img\d+)_(\d+)_(.+)\.(\w+)", re.IGNORECASE)


def _read(tree: Tree) -> Reading:
    reading = Reading()
    for label, match in values_and_names(tree, _LABELS, _NAME, "img01_2_METHOD.bmp", reading):
        reading.add(
            Entry(
                path=f"super-resolved_images/{match[0]}",
                content=match[1].lower(),
                algorithm=match[3],
                label=label,
                task=RestorationTask.SUPER_RESOLUTION,
                reference=f"source_images/{match[1]}.bmp",
            )
        )
    return reading


QADS = Source(
    name="QADS",
    title="Quality assessment database for super-resolved images",
    purpose=Purpose.FGRESTORE,
    home_page="http://www.vista.ac.cn/super-resolution/",
    citation="Zhou, Yao, Liu and Qiu, Visual quality assessment for super-resolved images: Database and method, "
    "IEEE Transactions on Image Processing 28(7), 2019, 3528-3541",
    labels=Labels(kind="MOS from pairwise comparison, about 0 to 1", higher_is_better=True),
    expected=Expected(
        images=980, contents=20, algorithms=21, references=20, tasks={RestorationTask.SUPER_RESOLUTION: 980}
    ),
    layout="""\
source_images/img01.bmp
super-resolved_images/img01_2_METHOD.bmp     source_scale_method, of any image type
mos_with_names.txt                           lines of MOS, spaces, file name""",
    found=Found(
        content="img01, the start of the file name",
        task="super-resolution",
        algorithm="what follows the scale in the file name",
        label="mos_with_names.txt",
        reference="source_images/img01.bmp",
    ),
    read=_read,
    notes=(
        "The paper's Table 1 says 1,260 images; there are 20 x 49 = 980.",
        "That higher is better is a strong inference, not read in the data.",
    ),
)
