"""The page of a ranking: one HTML file that needs no network and no file beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fgresq.errors import ImageError
from fgresq.report.embedding import image_data_uri, thumbnail_data_uri
from fgresq.report.interval_axis import interval_axis
from fgresq.report.pages import asset, content_security_policy, environment, write_page
from fgresq.report.wording import visible_name
from fgresq.results import Candidate, ContentRanking, Ranking


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
    write_page(path, _page(ranking, shown))
    return len(shown)


def _page(ranking: Ranking, shown: Sequence[ContentRanking]) -> Iterator[str]:
    """The page in pieces; whole images are read as their piece comes up, so that few are in memory at once."""
    style, script = asset("ranking.css"), asset("viewer.js")
    scenes = [_scene(content) for content in shown]
    viewable = [scene for scene in scenes if scene.viewable]
    yield from (
        environment()
        .get_template("ranking.html.j2")
        .generate(
            ranking=ranking,
            provenance=ranking.provenance,
            untrained="untrained" in ranking.provenance.weights_note.lower(),
            axis=interval_axis(ranking.leaderboard),
            scenes=scenes,
            viewer_numbers={scene.name: number for number, scene in enumerate(viewable)},
            viewer_index=[_index_entry(number, scene) for number, scene in enumerate(viewable)],
            viewer_images=(_whole_images(scene) for scene in viewable),
            style=style,
            script=script,
            policy=content_security_policy(style, script),
        )
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


def _index_entry(number: int, scene: _Scene) -> dict[str, object]:
    """What the viewer needs to know of a content before it reads the images."""
    images = []
    for place, picture in enumerate(scene.viewable):
        name = visible_name(picture.candidate.algorithm)
        images.append(
            {
                "name": name,
                "label": f"{picture.place}. {name}",
                "detail": f"{picture.candidate.score:.3f}",
                "alt": f"{name}, place {picture.place}",
                "list": number,
                "place": place,
            }
        )
    return {"name": visible_name(scene.name), "images": images}


def _whole_images(scene: _Scene) -> list[str]:
    return [image_data_uri(Path(picture.candidate.path)) for picture in scene.viewable]
