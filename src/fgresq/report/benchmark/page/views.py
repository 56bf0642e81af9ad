"""What the viewer needs to know of each pair before it reads the images."""

from collections.abc import Mapping
from typing import Any

from fgresq.report.benchmark.page.embedded import Embedded, Gallery
from fgresq.report.wording import visible_name
from fgresq.results import SeenImage

View = dict[str, Any]


def viewer_index(gallery: Gallery, titles: Mapping[str, str]) -> tuple[list[View], list[int | None]]:
    """One view a pair that has images, and one more for a piece of it at full size.

    Args:
        gallery: of the page.
        titles: of the metrics, by name.

    Returns:
        The views, and the number of each entry's first one; None for an entry without images.
    """
    views: list[View] = []
    numbers: list[int | None] = []
    places: dict[str, int] = {}
    for entry in gallery.entries:
        name = entry.shown.metric
        places[name] = places.get(name, 0) + 1
        numbers.append(None if entry.pixels is None else len(views))
        title = visible_name(titles[name])
        called = f"{title}, {places[name]}: {visible_name(entry.shown.content)}"
        if entry.pixels is not None:
            views.append(_view(entry, title, called, entry.pixels, entry.note))
        if entry.detail is not None:
            views.append(_view(entry, title, f"{called}, a piece", entry.detail, entry.detail_note))
    return views, numbers


def _view(entry: Embedded, title: str, called: str, pixels: tuple[int, int], note: str) -> View:
    content = visible_name(entry.shown.content)
    people = _side("People", "people", entry.shown.by_people, content)
    metric = _side("Metric", title, entry.shown.by_metric, content)
    return {
        "name": called,
        "note": note,
        "images": [{**people, "list": pixels[0], "place": 0}, {**metric, "list": pixels[1], "place": 0}],
    }


def _side(role: str, who: str, image: SeenImage, content: str) -> View:
    algorithm = visible_name(image.algorithm)
    told = [] if image.mos is None else [f"MOS {image.mos:.4g}"]
    return {
        "name": f"{role}: {algorithm}",
        "label": f"{role}: {algorithm}",
        "detail": ", ".join([*told, f"score {image.score:.4g}"]),
        "alt": f"{content} by {algorithm}, which is preferred by {who}",
    }
