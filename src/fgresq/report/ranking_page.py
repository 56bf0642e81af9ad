"""The page of a ranking: one HTML file that needs no network and no file beside it."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fgresq.errors import ImageError
from fgresq.files import written_whole
from fgresq.report.embedding import image_data_uri, thumbnail_data_uri
from fgresq.report.interval_axis import interval_axis
from fgresq.report.wording import percent, signed, visible_name
from fgresq.results import Candidate, ContentRanking, Ranking

_HEAT_LEVELS = 10


@dataclass(frozen=True, slots=True)
class _Picture:
    """One candidate as the page shows it; without a thumbnail, `problem` says why."""

    candidate: Candidate
    place: int
    thumbnail: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """One content as the page shows it, best picture first."""

    name: str
    pictures: tuple[_Picture, ...]

    @property
    def viewable(self) -> list[_Picture]:
        """The pictures that the viewer offers."""
        return [picture for picture in self.pictures if picture.thumbnail is not None]


def write_ranking_page(ranking: Ranking, path: Path, *, contents: int = 20) -> int:
    """Write the self-contained page of a ranking.

    Args:
        ranking: whose candidates' paths are image files on this machine.
        path: of the page; replaced as a whole, or left as it was.
        contents: how many contents to show with their images, at least 0, in name order; the figures
            always rest on all.

    Returns:
        The number of contents shown.

    Raises:
        OutputError: the page can't be written there.
        ImageError: an image went away while the page was being written.
    """
    if contents < 0:
        raise ValueError(f"contents must be 0 or more, not {contents}")
    shown = ranking.contents[:contents]
    _write_atomically(path, _page(ranking, shown))
    return len(shown)


def _page(ranking: Ranking, shown: Sequence[ContentRanking]) -> Iterator[str]:
    """The page in pieces; whole images are read as their piece comes up, so that few are in memory at once."""
    environment = _environment()
    style, script = _asset("ranking.css"), _asset("ranking.js")
    scenes = [_scene(content) for content in shown]
    viewable = [scene for scene in scenes if scene.viewable]
    yield from environment.get_template("ranking.html.j2").generate(
        ranking=ranking,
        provenance=ranking.provenance,
        untrained="untrained" in ranking.provenance.weights_note.lower(),
        axis=interval_axis(ranking.leaderboard),
        scenes=scenes,
        viewer_numbers={scene.name: number for number, scene in enumerate(viewable)},
        viewer_index=[_index_entry(scene) for scene in viewable],
        viewer_images=(_whole_images(scene) for scene in viewable),
        style=style,
        script=script,
        policy=_content_security_policy(style, script),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("fgresq.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(visible=visible_name, signed=signed, percent=percent, heat=_heat_level)
    return environment


def _asset(name: str) -> Markup:
    """Style sheet or script of the page, which goes into it unescaped."""
    loader = _environment().loader
    assert loader is not None  # noqa: S101
    text = loader.get_source(_environment(), name)[0]
    # Browsers see a page's line ends as \n, and the policy's hashes are taken over what they see.
    return Markup(text.replace("\r\n", "\n"))  # noqa: S704 - a file of this package, nobody's input


def _content_security_policy(style: str, script: str) -> str:
    """Policy that allows this style sheet, this script and embedded images, and nothing else."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _scene(content: ContentRanking) -> _Scene:
    """Content with its thumbnails; candidates with equal wins and ties share a place."""
    points = [candidate.wins + candidate.ties / 2 for candidate in content.candidates]
    pictures = []
    for candidate, own in zip(content.candidates, points, strict=True):
        thumbnail, problem = None, None
        try:
            thumbnail = thumbnail_data_uri(Path(candidate.path))
        except ImageError as error:
            problem = error.reason
        place = 1 + sum(other > own for other in points)
        pictures.append(_Picture(candidate, place, thumbnail, problem))
    return _Scene(content.content, tuple(pictures))


def _index_entry(scene: _Scene) -> dict[str, object]:
    """What the viewer needs to know of a content before it reads the images."""
    algorithms = [
        {
            "name": visible_name(picture.candidate.algorithm),
            "place": picture.place,
            "score": round(picture.candidate.score, 4),
        }
        for picture in scene.viewable
    ]
    return {"name": visible_name(scene.name), "images": algorithms}


def _whole_images(scene: _Scene) -> list[str]:
    return [image_data_uri(Path(picture.candidate.path)) for picture in scene.viewable]


def _heat_level(share: float) -> int:
    """Step of the heat map's colour scale: 0 never preferred, 5 even, 10 always."""
    return min(max(round(share * _HEAT_LEVELS), 0), _HEAT_LEVELS)


def _write_atomically(path: Path, pieces: Iterable[str]) -> None:
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
