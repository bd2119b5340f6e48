"""What things cost, in micro-euros.

Written down here a second time on purpose: the demo checks what the mesh
charges against the price list of the brochure, not against the mesh's own.
"""

from __future__ import annotations

from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
    ActionType,
)

MICROS = 1_000_000
_PER_POINT = 10_000
_POINTS_WITHOUT_SCORE = 67
_FIXED = {
    ACTION_TYPE_INTERVIEW_SUCCEEDED: 1_000_000,
    ACTION_TYPE_INTERVIEW_FAILED: 500_000,
}


def fee_micros(kind: ActionType.ValueType, score: int | None) -> int:
    """Return the price of an action; `score` counts for applications only."""
    if kind == ACTION_TYPE_APPLICATION_RECEIVED:
        return _PER_POINT * (_POINTS_WITHOUT_SCORE if score is None else score)
    return _FIXED.get(kind, 0)


def euro_text(micros: int) -> str:
    """Return micro-euros as euros with two to six decimals: "-0.82"."""
    sign = "-" if micros < 0 else ""
    units, rest = divmod(abs(micros), MICROS)
    return f"{sign}{units}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"
