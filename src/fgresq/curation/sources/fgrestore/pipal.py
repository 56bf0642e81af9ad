"""PIPAL: super-resolution, denoising and mixture restoration, in Elo points."""

import re
from pathlib import PurePosixPath

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import names_and_values
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree
from fgresq.records import RestorationTask

_SR = RestorationTask.SUPER_RESOLUTION
_TASKS = {
    "00": _SR,  # traditional super-resolution, 12 images a content
    "01": _SR,  # trained for PSNR, 16
    "02": _SR,  # with a mismatched kernel, 10
    "03": _SR,  # GAN-based, 24
    "04": RestorationTask.DENOISING,  # 13
    "05": RestorationTask.MIXTURE,  # super-resolution and denoising, 14
    "06": None,  # 27 traditional distortions, which no restoration made
}
_NAME = re.compile(r"(A\d{4})_(\d\d)_(\d\d)\.bmp", re.IGNORECASE)


def _read(tree: Tree) -> Reading:
    reading = Reading()
    labels = {PurePosixPath(file).stem.upper(): file for file in tree.below("Train_Label") if file.endswith(".txt")}
    references = {PurePosixPath(file).stem.upper() for file in tree.below("Train_Ref")}
    reading.missing += [f"Train_Label/{content}.txt" for content in sorted(references - labels.keys())]
    if not labels and not references:
        reading.missing.append("Train_Label/ (no label file)")
    for file in labels.values():
        for name, label in names_and_values(tree, file, reading):
            match = _NAME.fullmatch(name)
            if match is None or match[2] not in _TASKS:
                reading.wrong.append(f"{file}: {name!r} isn't a name like A0001_00_00.bmp")
                continue
            found = tree.named(name)  # the four folders are often pooled in one
            if len(found) > 1:
                reading.wrong.append(f"{name}: is there {len(found)} times: {', '.join(found)}")
            reading.add(
                Entry(
                    path=found[0] if found else name,
                    content=match[1].upper(),
                    algorithm=f"{match[2]}_{match[3]}",
                    label=label,
                    task=_TASKS[match[2]],
                    reference=f"Train_Ref/{match[1]}.bmp",
                )
            )
    return reading


PIPAL = Source(
    name="PIPAL",
    title="Perceptual image processing algorithms; the public training part",
    purpose=Purpose.FGRESTORE,
    home_page="https://github.com/HaomingCai/PIPAL-dataset",
    citation="Jinjin et al., Pipal: a large-scale image quality assessment dataset for perceptual image restoration, "
    "ECCV 2020, 633-651",
    labels=Labels(kind="Elo", higher_is_better=True, low=916.7, high=1836.0),
    expected=Expected(
        images=23_200,
        contents=200,
        algorithms=116,
        references=200,
        tasks={_SR: 12_400, RestorationTask.DENOISING: 2_600, RestorationTask.MIXTURE: 2_800},
    ),
    layout="""\
Train_Ref/A0001.bmp
Train_Label/A0001.txt            lines such as A0001_00_00.bmp,1520.0648
Distortion_1/A0001_00_00.bmp     and Distortion_2 to 4; or all in one folder, wherever it is""",
    found=Found(
        content="A0001, the start of the file name",
        task="the middle number: 00 to 03 super-resolution, 04 denoising, 05 mixture; none for 06 (distortions)",
        algorithm="middle and last number, such as 03_17",
        label="Train_Label/A0001.txt",
        reference="Train_Ref/A0001.bmp",
    ),
    read=_read,
    notes=(
        "The full set has 250 references and 29,000 images; validation and test parts aren't read.",
        "What the middle number means is a strong inference from the counts (12, 16, 10, 24, 13, 14, 27 a content).",
    ),
)
