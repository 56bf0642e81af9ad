import numpy as np
import pytest
from PIL import Image
from tests.unit.data.manifests import two_sources, write_pictures

from fgresq.data.pictures import Pictures, missing_files, require_files
from fgresq.errors import UserError
from fgresq.images.decode import decode
from fgresq.images.preprocessing import Resized

SMALL = Resized(resize=16, crop=12)


@pytest.fixture
def manifest(tmp_path):
    manifest = two_sources(tmp_path)
    write_pictures(manifest)
    return manifest


def test_all_missing_files_are_found_at_once(manifest):
    require_files(manifest)
    gone = [manifest.images[number] for number in (1, 4, 7, 20)]
    for image in gone:
        manifest.path_of(image).unlink()
    assert missing_files(manifest) == tuple(manifest.path_of(image) for image in gone)
    with pytest.raises(UserError, match=r"4 image files are missing: .*, and 1 more") as caught:
        require_files(manifest, shown=3)
    assert [str(manifest.path_of(image)) in str(caught.value) for image in gone] == [True, True, True, False]


def test_only_the_files_asked_for_count(manifest):
    first, second = manifest.images[:2]
    manifest.path_of(first).unlink()
    assert missing_files(manifest, [second.image_id]) == ()
    assert missing_files(manifest, iter([second.image_id, first.image_id])) == (manifest.path_of(first),)


def test_a_folder_is_no_image_file(manifest):
    path = manifest.path_of(manifest.images[0])
    path.unlink()
    path.mkdir()
    assert missing_files(manifest) == (path,)


def test_pictures_are_resized_as_for_scoring(manifest):
    image = manifest.images[0]
    resized = Pictures(manifest, SMALL)[image.image_id]
    assert resized.shape == (16, 16, 3)
    assert resized.dtype == np.uint8
    np.testing.assert_array_equal(resized[2:14, 2:14], SMALL(decode(manifest.path_of(image))))


def test_preloaded_pictures_need_their_files_no_more(manifest):
    pictures = Pictures(manifest, SMALL)
    kept, other = manifest.images[0].image_id, manifest.images[1].image_id
    before = pictures[kept]
    pictures.preload([kept, kept])
    for image in manifest.images:
        manifest.path_of(image).unlink()
    np.testing.assert_array_equal(pictures[kept], before)
    with pytest.raises(UserError, match="no such file"):
        pictures[other]


def test_preloading_names_all_that_cannot_be_read(manifest):
    for image in manifest.images[:7]:
        manifest.path_of(image).write_bytes(b"not an image")
    manifest.path_of(manifest.images[7]).write_bytes(b"")
    with pytest.raises(UserError, match=r"8 of 54 images can't be read: .*isn't an image.*and 3 more"):
        Pictures(manifest, SMALL).preload(image.image_id for image in manifest.images)


def test_deep_pictures_stay_deep(manifest):
    image = manifest.images[0]
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 40), dtype=np.uint16)
    Image.fromarray(pixels).save(manifest.path_of(image))
    resized = Pictures(manifest, SMALL)[image.image_id]
    assert resized.dtype == np.float32
    assert 0 <= resized.min() < resized.max() <= 1
