"""What weights have seen can be recognised, and little else is taken for it."""

import hashlib

import pytest
from pydantic import ValidationError

from fgresq.seen import Seen


def sha256(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def seen(images: range, scenes: range = range(0)) -> Seen:
    return Seen.of("m", "s", map(sha256, images), [("one", f"c{n}") for n in scenes], [sha256("reference")])


def test_images_are_known_by_their_files_and_scenes_by_names_or_references() -> None:
    found = seen(range(5), range(3))
    assert [found.has_image(sha256(n)) for n in range(7)] == [True] * 5 + [False] * 2
    assert [found.has_scene("one", f"c{n}") for n in range(4)] == [True] * 3 + [False]
    assert not found.has_scene("two", "c0"), "another source's scene of that name is another scene"
    assert not found.has_scene("onec", "0"), "names don't run into one another"
    assert found.has_scene("new", "new", [sha256("other"), sha256("reference")])
    assert not found.has_image(sha256("reference")), "it is what was depicted, not what was trained on"


def test_one_file_of_two_tasks_is_one_image() -> None:
    assert Seen.of("m", "s", [sha256(1), sha256(1), sha256(2)], []).images == 2


def test_two_trainings_have_seen_what_either_has() -> None:
    both = seen(range(5), range(3)).with_all_of(seen(range(3, 9), range(5, 6)))
    assert both.images == 9
    assert all(both.has_image(sha256(n)) for n in range(9))
    assert [both.has_scene("one", f"c{n}") for n in range(7)] == [True, True, True, False, False, True, False]


def test_the_order_does_not_matter_and_it_travels_as_json() -> None:
    images = list(map(sha256, range(20)))
    first = Seen.of("m", "s", images, [])
    assert first == Seen.of("m", "s", reversed(images), [])
    assert Seen.model_validate_json(first.model_dump_json()) == first


def test_twenty_thousand_images_are_small_and_tell_themselves_from_others() -> None:
    found = seen(range(20_000))
    assert len(found.model_dump_json()) < 220_000
    assert all(found.has_image(sha256(n)) for n in range(0, 20_000, 997))
    assert not any(found.has_image(sha256(n)) for n in range(20_000, 40_000))


@pytest.mark.parametrize("damaged", ["not base64!", "AAAA", "é"])
def test_what_is_damaged_is_refused(damaged: str) -> None:
    for field in ("files", "scenes"):
        with pytest.raises(ValidationError, match=field):
            Seen.model_validate({**seen(range(2)).model_dump(), field: damaged})
