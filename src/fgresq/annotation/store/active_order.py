"""Which pair stands in a main trial where the order follows the answers; chosen when it is shown, and then recorded."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from sqlalchemy import Connection, insert, select

from fgresq.annotation.active.belief import believe, information_gain
from fgresq.annotation.protocol.draw import draw
from fgresq.annotation.protocol.trials import Trial, TrialKind
from fgresq.annotation.store.answers import latest_answers
from fgresq.annotation.store.contents import StudyPair
from fgresq.annotation.store.tables import answer, issued

Gains = dict[str, tuple[bytes, Float[np.ndarray, "k k"]]]
"""Content to the wins that a gain was computed from, and the gain; images in the order of their numbers."""


def issued_pairs(connection: Connection, person_id: str) -> dict[int, int]:
    """Position to pair, of the main trials that a person was shown."""
    rows = connection.execute(select(issued.c.position, issued.c.pair).where(issued.c.person_id == person_id))
    return {row.position: row.pair for row in rows}


def with_issued(trials: Sequence[Trial], shown: Mapping[int, int]) -> tuple[Trial, ...]:
    """A person's trials with the pairs that were issued; a repeat shows what its original showed."""
    places = (trial.position if trial.original is None else trial.original for trial in trials)
    return tuple(
        replace(trial, pair=shown[place]) if place in shown else trial
        for trial, place in zip(trials, places, strict=True)
    )


def issue(
    connection: Connection,
    seed: int,
    person_id: str,
    position: int,
    pairs: Mapping[int, StudyPair],
    counted: Collection[str],
    gains: Gains,
) -> None:
    """Choose and record the pair of a main trial: the most informative that the person hasn't been shown.

    A content doesn't follow itself while another one is left. Equal gains are decided by lot, for each person anew.

    Args:
        connection: a writing transaction that holds the person's lock.
        seed: of the study.
        person_id, position: whose trial.
        pairs: of the person's group, by number.
        counted: people whose votes tell something of the scores.
        gains: of an earlier call, brought up to date; a content without new votes isn't computed again.
    """
    shown = issued_pairs(connection, person_id)
    if position in shown:
        return
    left = [number for number in pairs if number not in set(shown.values())]
    before = pairs[shown[max(shown)]].content if shown else None
    left = [number for number in left if pairs[number].content != before] or left
    gain = _gain_of_pairs(connection, {number: pairs[number] for number in left}, pairs, counted, gains)
    chosen = max(left, key=lambda number: (gain[number], draw(seed, person_id, "active", number)))
    connection.execute(insert(issued).values(person_id=person_id, position=position, pair=chosen))


def _gain_of_pairs(
    connection: Connection,
    wanted: Mapping[int, StudyPair],
    pairs: Mapping[int, StudyPair],
    counted: Collection[str],
    gains: Gains,
) -> dict[int, float]:
    contents = {pair.content for pair in wanted.values()}
    images: dict[str, set[int]] = defaultdict(set)
    for pair in pairs.values():
        images[pair.content] |= {pair.image_a.number, pair.image_b.number}
    place = {content: {image: n for n, image in enumerate(sorted(images[content]))} for content in contents}
    wins = {content: np.zeros((len(of), len(of))) for content, of in place.items()}
    for row in connection.execute(latest_answers().where(answer.c.kind == TrialKind.MAIN.value)):
        voted = pairs.get(row.pair)
        if voted is None or voted.content not in contents or row.person_id not in counted:
            continue
        a, b = (place[voted.content][image.number] for image in (voted.image_a, voted.image_b))
        for_a = {"A": 1.0, "B": 0.0, "equal": 0.5}[row.preference]
        wins[voted.content][a, b] += for_a
        wins[voted.content][b, a] += 1.0 - for_a
    for content, of in wins.items():
        if content not in gains or gains[content][0] != of.tobytes():
            gains[content] = (of.tobytes(), information_gain(believe(of)))
    return {
        # Rounded, so that gains that differ by arithmetic alone are decided by lot.
        number: round(
            float(gains[p.content][1][place[p.content][p.image_a.number], place[p.content][p.image_b.number]]), 9
        )
        for number, p in wanted.items()
    }
