"""`fgresq annotate demo`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.annotate.serve import LOOPBACK, STUDY_FILE, Host, Port, PublicUrl, need_web, run
from fgresq.cli.terminal import cell, notes
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.manifest import Manifest
    from fgresq.records import Pair

CONTENTS = ("astronaut", "chelsea", "coffee", "rocket")
_CROP = 384
_PER_CONTENT = 8  # restored images of a photograph at most, and twice as many as pairs
_PRACTICE = 2


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where the demo goes; one that is there goes on.")
    ] = Path("annotate-demo"),
    team_size: Annotated[int, typer.Option(min=1, help="Annotators in each of the two teams.")] = 2,
    pairs: Annotated[int, typer.Option(min=2, max=19, help="Pairs of each of the four photographs.")] = 4,
    host: Host = LOOPBACK[0],
    port: Port = 8765,
    public_url: PublicUrl = None,
) -> None:
    """Start a small study with one command: restored photographs, two teams, an expert and a lead.

    The photographs come with scikit-image; the restorations are made here, which takes about half a minute.
    """
    need_web()
    from fgresq.annotation.store import open_study
    from fgresq.locks import only_writer

    name = folder / STUDY_FILE
    with only_writer(folder):
        if not name.exists():
            _make(folder, team_size, pairs)
    study = open_study(str(name))
    try:
        notes.print(
            cell("Open each link in a browser window of its own. Ctrl+C ends the demo.", "bold"), soft_wrap=True
        )
        run(study, host, port, public_url, 30.0)
    finally:
        study.close()


def _make(folder: Path, team_size: int, pairs: int) -> None:
    from fgresq.annotation.protocol.design import StudyDesign
    from fgresq.annotation.store import create_study
    from fgresq.images.discover import find_images
    from fgresq.manifest import read_manifest, write_manifest
    from fgresq.synthesis.pipeline import synthesise

    photographs, restored = folder / "photographs", folder / "restored"
    _write_photographs(photographs)
    notes.print("restoring four photographs by many algorithms ...")
    if (restored / "manifest.json").exists():
        made = read_manifest(restored)  # a run that was broken off after this part
    else:
        made = synthesise(
            find_images([str(photographs)]),
            restored,
            per_content=min(_PER_CONTENT, 2 * pairs),
            crop=_CROP,
            workers=2,
            source_name="demo",
            licence="of the photographs: see scikit-image's data directory",
        )
    judged, practice = _close_pairs(made, pairs, folder / "judged"), _clear_pairs(made, folder / "practice")
    for manifest in (judged, practice):
        manifest.root.mkdir(exist_ok=True)
        write_manifest(manifest)
    design = StudyDesign(
        team_size=team_size, repeats=0.1, swapped_repeats=0.1, repeat_gap=2, session_length=8, break_minutes=0.5
    )
    create_study(str(folder / STUDY_FILE), judged, design, practice)


def _write_photographs(folder: Path) -> None:
    import importlib.util

    if importlib.util.find_spec("skimage") is None:
        raise UserError("the demo's photographs come with scikit-image; `pip install 'fgresq[demo]'` brings it")
    import skimage.data
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for content in CONTENTS:
        Image.fromarray(getattr(skimage.data, content)()).convert("RGB").save(folder / f"{content}.png")


def _close_pairs(made: "Manifest", count: int, root: Path) -> "Manifest":
    """Of each photograph the pairs whose computed quality is next to one another: those that people disagree on."""
    from fgresq.records import Pair

    ranked: dict[str, list[str]] = {}
    for image in sorted(made.images, key=lambda image: image.mos or 0.0):
        ranked.setdefault(image.content, []).append(image.image_id)
    close = {
        content: [Pair(*pair) for step in (1, 2) for pair in zip(names, names[step:], strict=False)]
        for content, names in ranked.items()
    }
    return _manifest(made, [pair for of in close.values() for pair in of[:count]], root)


def _clear_pairs(made: "Manifest", root: Path) -> "Manifest":
    """Pairs with the largest computed difference, for practice."""
    mos = {image.image_id: image.mos or 0.0 for image in made.images}
    known = [pair for pair in made.pairs if pair.preference in ("A", "B")]
    known.sort(key=lambda pair: -abs(mos[pair.image_a] - mos[pair.image_b]))
    return _manifest(made, known[:_PRACTICE], root)


def _manifest(made: "Manifest", pairs: "Sequence[Pair]", root: Path) -> "Manifest":
    from fgresq.manifest import Manifest

    named = {name for pair in pairs for name in (pair.image_a, pair.image_b)}
    images = [
        replace(image, path=str(made.path_of(image).absolute()), reference=None)
        for image in made.images
        if image.image_id in named
    ]
    return Manifest(
        root, tuple(images), tuple(pairs), {"made": "fgresq annotate demo", "licence": made.about["licence"]}
    )
