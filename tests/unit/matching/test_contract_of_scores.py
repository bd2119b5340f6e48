"""The contract and the documentation say the same of a score as the code does."""

from __future__ import annotations

import dataclasses
import re

import protovalidate
import pytest
from weneeds.matching.v1.score_pb2 import Dimensions as Message
from weneeds.matching.v1.score_pb2 import Score as ScoreMessage

from services.matching.domain.scoring.reasons import MAXIMA
from services.matching.domain.scoring.score import Dimensions, score
from stack.paths import ROOT
from tests.unit.matching.people import PYTHON_DEV, PYTHON_JOB, TODAY

_PENALTY = "missing_info_penalty"
_LOWEST = {"path_coherence": -5}
_PAGE = (ROOT / "docs" / "matching" / "score.md").read_text()


def test_the_contract_enumerates_ten_dimensions_and_the_penalty_beside_them() -> None:
    fields = [field.name for field in Message.DESCRIPTOR.fields]
    assert fields == [field.name for field in dataclasses.fields(Dimensions)]
    assert [name for name in fields if name != _PENALTY] == fields[:10]


@pytest.mark.parametrize("name", MAXIMA)
def test_the_contract_holds_each_dimension_within_its_range(name: str) -> None:
    low, high = _LOWEST.get(name, 0), MAXIMA[name]
    for inside in (low, high):
        protovalidate.validate(Message(**{name: inside}))
    for outside in (low - 1, high + 1):
        with pytest.raises(protovalidate.ValidationError):
            protovalidate.validate(Message(**{name: outside}))


def test_the_contract_holds_the_final_score_within_0_and_100() -> None:
    for inside in (0, 100):
        protovalidate.validate(ScoreMessage(final_score=inside))
    for outside in (-1, 101):
        with pytest.raises(protovalidate.ValidationError):
            protovalidate.validate(ScoreMessage(final_score=outside))


def test_the_documented_ranges_are_those_of_the_code() -> None:
    stated = dict(re.findall(r"^\| (\w+) \| (-?\d+(?:-| to )\d+) \|", _PAGE, re.MULTILINE))
    assert stated == {
        name: f"-5 to {most}" if name in _LOWEST else f"0-{most}" for name, most in MAXIMA.items()
    }


def test_the_worked_example_is_what_the_code_computes() -> None:
    example = _PAGE.split("## Worked example")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \|.*\*\*(-?\d+)\*\* \|$", example, re.MULTILINE)
    stated = {name: int(value) for name, value in rows}
    found = score(PYTHON_JOB, PYTHON_DEV, TODAY)
    parts = dataclasses.asdict(found.dimensions)
    assert stated == {**parts, "sum": found.dimensions.sum, "final": found.final}
    assert f"**{found.reliability}**" in example


def test_the_documented_formula_gives_the_documented_score() -> None:
    formula = _PAGE.split("## Formula")[1].split("```")[1]
    parts = dataclasses.asdict(score(PYTHON_JOB, PYTHON_DEV, TODAY).dimensions)
    values: dict[str, int] = dict(parts)
    for line in formula.strip().splitlines():
        name, _, expression = line.partition(" = ")
        tens = re.sub(r"round\(0\.8 x (\w+)\)", r"((8 * \1 + 5) // 10)", expression)
        scope = {"clamp": lambda low, high, value: max(low, min(high, value)), **values}
        values[name.strip()] = eval(tens, {"__builtins__": {}}, scope)
    assert values["final"] == score(PYTHON_JOB, PYTHON_DEV, TODAY).final
