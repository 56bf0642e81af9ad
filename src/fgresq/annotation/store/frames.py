"""A study's answers as tables, from one state of the study, while it runs.

Answers, one row each, superseded ones too:

    answer_id                          in the order they were stored
    person, role, team, withdrawn      who
    round, position, revision          1 or 2; place in the person's order (in round 2 the pair's number); from 0
    counts                             whether it is the latest revision
    kind                               training, main, repeat, swapped_repeat, review
    session                            from 0
    pair, group, content               number of the pair, of its group (null: training), the scene
    image_a, algorithm_a, image_b, algorithm_b
    a_on_left, choice                  what was seen and chosen: left, right, equal
    preference                         A, B, equal
    known                              the answer of a training pair
    elapsed_ms                         by the page's monotonic clock
    answered_at                        by the server's clock, UTC
    key                                of the request
"""

import polars as pl
from sqlalchemy import Connection, select

from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.store import tables
from fgresq.annotation.store.study import Study

_STORED = {
    "id": pl.Int64,
    "person_id": pl.String,
    "round": pl.Int64,
    "position": pl.Int64,
    "revision": pl.Int64,
    "pair": pl.Int64,
    "kind": pl.String,
    "session": pl.Int64,
    "a_on_left": pl.Boolean,
    "preference": pl.String,
    "elapsed_ms": pl.Float64,
    "answered_ms": pl.Int64,
    "key": pl.String,
}
_PEOPLE = {"person": pl.String, "role": pl.String, "team": pl.Int64, "withdrawn": pl.Boolean}
_PAIRS = {
    "pair": pl.Int64,
    "group": pl.Int64,
    "content": pl.String,
    "image_a": pl.String,
    "algorithm_a": pl.String,
    "image_b": pl.String,
    "algorithm_b": pl.String,
    "known": pl.String,
}
ANSWER_COLUMNS = (
    *("answer_id", "person", "role", "team", "withdrawn", "round", "position", "revision", "counts", "kind", "session"),
    *("pair", "group", "content", "image_a", "algorithm_a", "image_b", "algorithm_b", "a_on_left", "choice"),
    *("preference", "known", "elapsed_ms", "answered_at", "key"),
)


def answers_frame(study: Study, connection: Connection | None = None) -> pl.DataFrame:
    """All answers, with the columns above.

    Args:
        study: open.
        connection: a transaction of `study.reading()`, to see the state that other reads see; None for one of its own.

    Returns:
        One row an answer, by `answer_id`.

    Raises:
        StudyError: the database doesn't answer.
    """
    if connection is None:
        with study.reading() as own:
            return answers_frame(study, own)
    query = select(*(tables.answer.c[name] for name in _STORED)).order_by(tables.answer.c.id)
    stored = pl.DataFrame(connection.execute(query).all(), schema=_STORED, orient="row")
    people = [(p.person_id, p.role.value, p.team, p.withdrawn) for p in study.people(connection)]
    on_left = (pl.col("preference") == "A") == pl.col("a_on_left")
    decided = pl.when(on_left).then(pl.lit("left")).otherwise(pl.lit("right"))
    place = ("person", "round", "position")
    return (
        stored.rename({"id": "answer_id", "person_id": "person"})
        .join(pl.DataFrame(people, schema=_PEOPLE, orient="row"), on="person", how="left", maintain_order="left")
        .join(pairs_frame(study), on="pair", how="left", maintain_order="left")
        .with_columns(
            counts=pl.col("revision") == pl.col("revision").max().over(place),
            choice=pl.when(pl.col("preference") == "equal").then(pl.lit("equal")).otherwise(decided),
            answered_at=pl.from_epoch("answered_ms", time_unit="ms").dt.replace_time_zone("UTC"),
        )
        .select(ANSWER_COLUMNS)
    )


def pairs_frame(study: Study) -> pl.DataFrame:
    """All pairs, training pairs too: number, group, content, both images and algorithms, the known answer."""
    rows = [
        (
            *(pair.number, pair.group, pair.content, pair.image_a.image_id, pair.image_a.algorithm),
            *(pair.image_b.image_id, pair.image_b.algorithm, None if pair.known is None else pair.known.value),
        )
        for pair in study.pairs.values()
    ]
    return pl.DataFrame(rows, schema=_PAIRS, orient="row")


def votes_frame(answers: pl.DataFrame) -> pl.DataFrame:
    """Of all answers, the votes of round one: the latest main answers of annotators who haven't withdrawn."""
    return answers.filter("counts", ~pl.col("withdrawn"), pl.col("kind") == TrialKind.MAIN.value)


def condition_names(study: Study) -> dict[str, str]:
    """What other programs call an image within its scene, by `image_id`.

    The algorithm's name; if a scene has two images of one algorithm, the image's identity, for all scenes.
    """
    judged = [pair for pair in study.pairs.values() if pair.group is not None]
    images = {image.image_id: image for pair in judged for image in (pair.image_a, pair.image_b)}
    if len({(image.content, image.algorithm) for image in images.values()}) == len(images):
        return {name: image.algorithm for name, image in images.items()}
    return {name: name for name in images}


def pwcmp_frame(study: Study, answers: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The votes with the columns that pwcmp reads, and how many can't be said so.

    observer, session, scene, condition_A, condition_B, is_A_selected (1 or 0). pwcmp has no "equal": such votes are
    left out and counted, since half a vote or a coin's fall would be our invention.

    Args:
        study: open.
        answers: of `answers_frame`.

    Returns:
        The table, and the number of votes "equal" that it lacks.
    """
    votes = votes_frame(answers)
    clear = votes.filter(pl.col("preference") != "equal")
    names = condition_names(study)
    table = clear.select(
        observer="person",
        session="session",
        scene="content",
        condition_A=pl.col("image_a").replace_strict(names, return_dtype=pl.String),
        condition_B=pl.col("image_b").replace_strict(names, return_dtype=pl.String),
        is_A_selected=(pl.col("preference") == "A").cast(pl.Int64),
    )
    return table, len(votes) - len(clear)
