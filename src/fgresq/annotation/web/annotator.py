"""What an annotator's page asks for, and their answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from fgresq.annotation.protocol.design import PairOrder
from fgresq.annotation.protocol.trials import Trial, TrialKind
from fgresq.annotation.store import Study
from fgresq.annotation.store.contents import Choice, preference_of
from fgresq.annotation.web.door.rights import Annotator, HallOf
from fgresq.errors import AnswerError

router = APIRouter()

WEEK_MS = 7 * 24 * 3600 * 1000
Elapsed = Annotated[float, Field(ge=0, le=WEEK_MS, allow_inf_nan=False)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Number = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class Answer(BaseModel):
    """An answer as a page sends it; see `Study.answer`."""

    model_config = ConfigDict(extra="forbid")

    position: Number
    choice: Choice
    elapsed_ms: Elapsed
    key: Key


@router.get("/api/trial")
def current(hall: HallOf, visitor: Annotator) -> Response:
    """What the annotator has to judge now."""
    return JSONResponse(_standing(hall.study, visitor.person.person_id))


@router.get("/api/trials/{position}")
def earlier(position: int, hall: HallOf, visitor: Annotator) -> Response:
    """A pair that the annotator has judged, to change the answer."""
    person_id = visitor.person.person_id
    done = hall.study.progress(person_id).done
    if not 0 <= position < done:
        raise AnswerError("Only pairs that you have judged can be shown again.")
    return JSONResponse(trial_view(hall.study, hall.study.trials(person_id)[position]))


@router.post("/api/answers")
def answer(given: Answer, hall: HallOf, visitor: Annotator) -> Response:
    """Store an answer; it is on the disk before this says so."""
    study, person_id = hall.study, visitor.person.person_id
    study.check_manifest()
    with hall.turn_to_write():
        receipt = study.answer(person_id, given.position, given.choice, elapsed_ms=given.elapsed_ms, key=given.key)
    told = {
        "saved": True,
        "duplicate": receipt.duplicate,
        "revision": receipt.revision,
        "practice": _practice(study, study.trials(person_id)[given.position], given.choice),
    }
    is_first = receipt.revision == 0 and not receipt.duplicate  # people answer in order, so the next one follows
    return JSONResponse(told | _standing(study, person_id, given.position + 1 if is_first else None))


def trial_view(study: Study, trial: Trial) -> dict[str, Any]:
    """What a page may know of a trial: two images and their place, not which is which, nor why they are shown."""
    pair = study.pairs[trial.pair]
    left, right = (pair.image_a, pair.image_b) if trial.a_on_left else (pair.image_b, pair.image_a)
    return {
        "position": trial.position,
        "left": f"/images/{left.opaque_id}",
        "right": f"/images/{right.opaque_id}",
        "practice": trial.kind == TrialKind.TRAINING,
        "break": {"session": trial.session} if trial.break_before else None,
    }


def _standing(study: Study, person_id: str, done: int | None = None) -> dict[str, Any]:
    """Where an annotator is, and the images to fetch ahead.

    Args:
        study: open.
        person_id: the annotator.
        done: trials answered, where that is known; in the active order what comes next has to be asked for.

    Returns:
        In the active order nothing to fetch ahead: the next pair isn't chosen before the answer.
    """
    is_random = study.design.order == PairOrder.RANDOM
    trials = study.trials(person_id)
    if is_random and done is not None:
        now = trials[done] if done < len(trials) else None
    else:
        now = study.next_trial(person_id)
        trials = study.trials(person_id)
    done = len(trials) if now is None else now.position
    ahead = trials[done + 1 : done + 2] if is_random else ()
    return {
        "current": None if now is None else trial_view(study, now),
        "upcoming": trial_view(study, ahead[0]) if ahead else None,
        "done": done,
        "total": len(trials),
        "sessions": trials[-1].session + 1 if trials else 1,
    }


def _practice(study: Study, trial: Trial, choice: Choice) -> dict[str, Any] | None:
    """Of a training pair, whether the answer is the known one; nothing of others."""
    known = study.pairs[trial.pair].known
    if trial.kind != TrialKind.TRAINING or known is None:
        return None
    right = next(c for c in Choice if preference_of(trial, c) == known)
    return {"right": choice == right, "known": right.value}
