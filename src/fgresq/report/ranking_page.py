"""The page of a ranking: one HTML file that needs no network and no file beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fgresq.errors import ImageError
from fgresq.report.checkpoint_curve import drawn_curve
from fgresq.report.embedding import image_data_uri, thumbnail_data_uri
from fgresq.report.interval_axis import interval_axis
from fgresq.report.pages import asset, content_security_policy, environment, write_page
from fgresq.report.ranking_grid import further_grids
from fgresq.report.ranking_words import caveats, places, probability
from fgresq.report.wording import visible_name
from fgresq.results import Candidate, ContentRanking, Ranking

_CONTRARY = 3
"""Disagreements with a metric that the page shows."""


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


@dataclass(frozen=True, slots=True)
class _Contrary:
    """Two pictures of one content that a metric and the ranking order differently, with the metric's values."""

    metric: str
    content: str
    names: tuple[str, str]
    values: tuple[str, str]
    thumbnails: tuple[str, str]


def write_ranking_page(ranking: Ranking, path: Path, *, contents: int = 20, megabytes: float = 25.0) -> int:
    """Write the self-contained page of a ranking.

    Args:
        ranking: whose candidates' paths are image files on this machine.
        path: of the page; replaced as a whole, or left as it was.
        contents: how many contents to show with their images, at least 0, in name order; the figures
            always rest on all.
        megabytes: that the images take at most, at least 0. Thumbnails come first, content by content; then the whole
            images of every content whose images still fit. The page says what it leaves out.

    Returns:
        The number of contents shown.

    Raises:
        OutputError: the page can't be written there.
        ImageError: an image went away while the page was being written.
    """
    if contents < 0 or megabytes < 0:
        raise ValueError(f"contents and megabytes must be 0 or more, not {contents} and {megabytes}")
    left = int(megabytes * 1e6)
    contrary = []
    for each in _contrary(ranking):
        left -= sum(map(len, each.thumbnails))
        if left < 0:
            break
        contrary.append(each)
    scenes: list[_Scene] = []
    for content in ranking.contents[:contents]:
        scene = _scene(content)
        left -= sum(len(picture.thumbnail or "") for picture in scene.pictures)
        if left < 0:
            break
        scenes.append(scene)
    left = max(left, 0)
    whole: list[tuple[_Scene, list[str]]] = []
    for scene in scenes:
        images = _whole_images(scene, left) if scene.viewable else None
        if images is not None:
            whole.append((scene, images))
            left -= sum(map(len, images))
    write_page(path, _page(ranking, contrary, scenes, whole, megabytes))
    return len(scenes)


def _page(
    ranking: Ranking,
    contrary: Sequence[_Contrary],
    scenes: Sequence[_Scene],
    whole: Sequence[tuple[_Scene, list[str]]],
    megabytes: float,
) -> Iterator[str]:
    style, script = asset("ranking.css"), asset("viewer.js")
    yield from (
        environment()
        .get_template("ranking.html.j2")
        .generate(
            ranking=ranking,
            provenance=ranking.provenance,
            untrained="untrained" in ranking.provenance.weights_note.lower(),
            axis=interval_axis(ranking.leaderboard),
            caveats=caveats(ranking),
            further=further_grids(ranking),
            curves=[drawn for curve in ranking.curves if (drawn := drawn_curve(curve)) is not None],
            further_title=_further_title(ranking),
            contrary=contrary,
            places={row.algorithm: places(row, ranking) for row in ranking.leaderboard},
            p=probability,
            tested=sum(pair.p is not None for pair in ranking.pairs),
            level=f"{1 - ranking.confidence:.2g}",
            scenes=scenes,
            megabytes=f"{megabytes:g}",
            viewer_numbers={scene.name: number for number, (scene, _) in enumerate(whole)},
            viewer_index=[_index_entry(number, scene) for number, (scene, _) in enumerate(whole)],
            viewer_images=[images for _, images in whole],
            not_whole=sum(bool(scene.viewable) for scene in scenes) - len(whole),
            style=style,
            script=script,
            policy=content_security_policy(style, script),
        )
    )


def _contrary(ranking: Ranking) -> Iterator[_Contrary]:
    """The clearest disagreements with each metric, whose pictures can be read."""
    paths = {(entry.content, each.algorithm): each.path for entry in ranking.contents for each in entry.candidates}
    for beside in ranking.beside:
        for found in beside.disagreements[:_CONTRARY]:
            names = found.preferred, found.other
            try:
                first, second = (thumbnail_data_uri(Path(paths[found.content, name])) for name in names)
            except ImageError:
                continue  # an image that isn't a file, or has gone; the tables have its figures
            values = f"{found.preferred_value:.4g}", f"{found.other_value:.4g}"
            yield _Contrary(beside.metric, found.content, names, values, (first, second))


def _further_title(ranking: Ranking) -> str:
    kinds = {
        "data sets": ranking.datasets,
        "runs": ranking.runs,
        "checkpoints": ranking.curves,
        "other metrics": ranking.beside,
    }
    *first, last = [kind for kind, there in kinds.items() if there] or [""]
    return (f"{', '.join(first)} and {last}" if first else last).capitalize()


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


def _whole_images(scene: _Scene, most: int) -> list[str] | None:
    """The images of a content, or None if they take more than so many characters."""
    images = []
    for picture in scene.viewable:
        images.append(image_data_uri(Path(picture.candidate.path)))
        most -= len(images[-1])
        if most < 0:
            return None
    return images
