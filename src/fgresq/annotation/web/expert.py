"""The review of disputed pairs: how the votes were split is told after the answer, and the answer stands then."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from fgresq.annotation.protocol.trials import TrialKind, review_of
from fgresq.annotation.store import Study
from fgresq.annotation.store.contents import Choice
from fgresq.annotation.store.tables import answer as answers
from fgresq.annotation.web.annotator import Elapsed, Key, Number, trial_view
from fgresq.annotation.web.door.rights import Expert, Hall, HallOf
from fgresq.errors import AnswerError

router = APIRouter()


class Review(BaseModel):
    """An expert's answer as a page sends it; see `Study.review`."""

    model_config = ConfigDict(extra="forbid")

    position: Number  # the pair's number
    choice: Choice
    elapsed_ms: Elapsed
    key: Key


@router.get("/api/review")
def current(hall: HallOf, visitor: Expert) -> Response:
    """The pair that the expert has to judge now."""
    return JSONResponse(_standing(hall, visitor.person.person_id))


@router.post("/api/reviews")
def review(given: Review, hall: HallOf, visitor: Expert) -> Response:
    """Store a review; it is on the disk before this says so. Having seen the votes, nobody changes it."""
    study, person_id = hall.study, visitor.person.person_id
    study.check_manifest()
    with hall.turn_to_write():
        before = _keys(study, person_id, given.position)
        if before and given.key not in before:
            raise AnswerError("You have reviewed this pair and have seen the votes; the answer stands.")
        receipt = study.review(person_id, given.position, given.choice, elapsed_ms=given.elapsed_ms, key=given.key)
    told = {"saved": True, "duplicate": receipt.duplicate, "votes": _split(study, person_id, given.position)}
    return JSONResponse(told | _standing(hall, person_id))


def _standing(hall: Hall, person_id: str) -> dict[str, Any]:
    trials, waiting = hall.waiting.of(person_id)
    done = hall.study.reviewed(person_id)
    views = [trial_view(hall.study, trial) for trial in trials]
    return {
        "current": views[0] if views else None,
        "upcoming": views[1] if len(views) > 1 else None,
        "done": done,
        "total": done + waiting,
        "sessions": 1,
    }


def _split(study: Study, person_id: str, pair: int) -> dict[str, int]:
    """The team's votes by the sides that this expert saw."""
    verdict = study.verdicts(only=pair)[pair]
    a_on_left = review_of(study.design, person_id, pair).a_on_left
    left, right = (verdict.votes_a, verdict.votes_b) if a_on_left else (verdict.votes_b, verdict.votes_a)
    return {"left": left, "equal": verdict.votes_equal, "right": right}


def _keys(study: Study, person_id: str, pair: int) -> set[str]:
    query = select(answers.c.key).where(
        answers.c.person_id == person_id, answers.c.pair == pair, answers.c.kind == TrialKind.REVIEW.value
    )
    with study.reading() as connection:
        return set(connection.scalars(query))
