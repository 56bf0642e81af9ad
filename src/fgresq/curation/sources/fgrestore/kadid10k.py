"""KADID-10k: 25 distortions in 5 levels, one of which is denoising."""

import re

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import as_number, csv_rows
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree
from fgresq.records import RestorationTask

_LABELS = "dmos.csv"
_DENOISING = "15"
_NAME = re.compile(r"(I\d\d)_(\d\d)_(\d\d)\.png", re.IGNORECASE)


def _read(tree: Tree) -> Reading:
    reading = Reading()
    file = tree.find(_LABELS)
    if file is None:
        reading.missing.append(_LABELS)
        return reading
    for number, row in enumerate(csv_rows(tree.path(file), ("dist_img", "ref_img", "dmos")), start=2):
        name, reference = row["dist_img"] or "", row["ref_img"] or ""
        match = _NAME.fullmatch(name)
        if match is None or not reference:
            reading.wrong.append(f"{_LABELS}, line {number}: {name!r} isn't a name like I01_01_01.png")
            continue
        reading.add(
            Entry(
                path=f"images/{name}",
                content=match[1].upper(),
                algorithm=f"{match[2]}_{match[3]}",
                label=as_number(row["dmos"]),
                task=RestorationTask.DENOISING if match[2] == _DENOISING else None,
                reference=f"images/{reference}",
            )
        )
    return reading


KADID_10K = Source(
    name="KADID-10k",
    title="Konstanz artificially distorted images; type 15 is denoising",
    purpose=Purpose.FGRESTORE,
    home_page="https://database.mmsp-kn.de/kadid-10k-database.html",
    citation="Lin, Hosu and Saupe, KADID-10k: A large-scale artificially distorted IQA database, QoMEX 2019, 1-3",
    labels=Labels(kind="DMOS, of which higher is better despite the name", higher_is_better=True, low=1.0, high=4.93),
    expected=Expected(
        images=10_125, contents=81, algorithms=125, references=81, tasks={RestorationTask.DENOISING: 405}
    ),
    layout="""\
images/I01.png             reference
images/I01_01_01.png       reference_type_level
dmos.csv                   header dist_img,ref_img,dmos,var""",
    found=Found(
        content="I01, the start of the file name",
        task="type 15 is denoising; the other 24 types are no restoration",
        algorithm="type and level, such as 15_03",
        label="column dmos of dmos.csv",
        reference="column ref_img of dmos.csv, in images/",
    ),
    read=_read,
)
