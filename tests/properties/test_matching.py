"""Whatever contents are called, names are matched exactly where the content is the same."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fgresq.images.matching import match_names, match_references
from fgresq.images.matching.tokens import names_a_method, tokens

WORDS = st.from_regex(r"[a-z]{3,6}", fullmatch=True)
NUMBERS = st.from_regex(r"[0-9]{1,4}", fullmatch=True)
CONTENTS = st.builds("".join, st.tuples(WORDS, st.sampled_from("_- ."), NUMBERS)) | WORDS | NUMBERS
FORMS = (
    "{0}",
    "{0}_{1}",
    "{0}_x4_{1}",
    "{0}x4",
    "{0}_x4",
    "{0}_out",
    "{1}_{0}",
    "{0}-{1}-x2",
    "img_{0}",
    "{0}_SRF_4_HR",
)
ALGORITHMS = ("SwinIR", "Real-ESRGAN", "mine", "theirs")


def is_plain(name: str) -> bool:
    """Whether no part of a name is one that may come off."""
    return not names_a_method(name) and not any(token.is_scale or token.is_generic for token in tokens(name))


@settings(deadline=None)
@given(
    st.lists(CONTENTS, min_size=2, max_size=6, unique=True),
    st.lists(st.sampled_from(FORMS), min_size=2, max_size=4),
)
def test_folders_are_matched_where_the_content_is_the_same(contents: list[str], forms: list[str]) -> None:
    assume(all(map(is_plain, contents)))  # not in the strategy: type checks draw from `random`
    algorithms = ALGORITHMS[: len(forms)]
    files = {
        f"{algorithm}/{form.format(content, algorithm)}.png": (algorithm, content)
        for algorithm, form in zip(algorithms, forms, strict=True)
        for content in contents
    }
    places = match_names(list(files)).places
    by_place: dict[str, set[str]] = {}
    for (algorithm, content), place in zip(files.values(), places, strict=True):
        assert place is not None
        assert place.algorithm == algorithm
        by_place.setdefault(place.content, set()).add(content)
    assert len(by_place) == len(contents)
    assert all(len(found) == 1 for found in by_place.values())


@settings(deadline=None)
@given(st.lists(CONTENTS, min_size=2, max_size=6, unique=True), st.sampled_from(FORMS))
def test_references_are_found_for_the_contents_that_have_one(contents: list[str], form: str) -> None:
    assume(all(map(is_plain, contents)))
    references = [f"{form.format(content, 'reference')}.png" for content in contents[:-1]]
    found, _ = match_references(contents, references)
    assert {content: found.get(content) for content in contents[:-1]} == dict(
        zip(contents[:-1], references, strict=True)
    )
    assert contents[-1] not in found
