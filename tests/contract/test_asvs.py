"""The verification table: complete, current, and each test that it names is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

import pytest

from stack.gen.asvs import COMMAND, LEVELS, SOURCE, TARGET, Requirement, Status, load, render
from stack.paths import ROOT

TEXT = (ROOT / SOURCE).read_text()
STANDARD, REQUIREMENTS = load(TEXT)
# Requirements by level, as counted in the standard's own file.
IN_THE_STANDARD = {1: 70, 2: 183, 3: 92}


def of(*statuses: Status) -> list[Requirement]:
    """The requirements that stand so."""
    return [one for one in REQUIREMENTS if one.status in statuses]


def test_the_page_is_current() -> None:
    current = (ROOT / TARGET).read_text() == render(TEXT)
    assert current, f"{TARGET} is not what {SOURCE} says; run `.venv/bin/{COMMAND}`"


def test_the_list_of_the_standard_is_whole() -> None:
    assert STANDARD.version == "5.0.0"
    assert Counter(STANDARD.levels.values()) == IN_THE_STANDARD
    assert [*STANDARD.chapters] == [f"V{number}" for number in range(1, 18)]


def test_every_requirement_of_both_levels_stands_here_once_and_in_order() -> None:
    wanted = {id_: level for id_, level in STANDARD.levels.items() if level in LEVELS}
    assert [(one.id, one.level) for one in REQUIREMENTS] == list(wanted.items())


def test_every_id_is_well_formed() -> None:
    for id_ in STANDARD.levels:
        assert re.fullmatch(r"V(1?[0-9])\.[1-9]\.[1-9][0-9]?", id_)


@pytest.mark.parametrize("requirement", of(Status.TESTED), ids=lambda one: one.id)
def test_what_is_tested_names_a_test(requirement: Requirement) -> None:
    assert any("::" in evidence for evidence in requirement.evidence)


def test_all_evidence_is_there() -> None:
    named = [(one.id, evidence) for one in REQUIREMENTS for evidence in one.evidence]
    assert [(id_, evidence) for id_, evidence in named if not is_there(evidence)] == []


def test_what_is_by_construction_names_a_file() -> None:
    for requirement in of(Status.BY_CONSTRUCTION):
        assert requirement.evidence, requirement.id


def test_what_is_accepted_names_a_test_and_a_decision() -> None:
    for requirement in of(Status.ACCEPTED):
        assert any("::" in evidence for evidence in requirement.evidence), requirement.id
        assert requirement.note, requirement.id


def test_what_is_not_tested_has_a_reason() -> None:
    for requirement in of(Status.NOT_APPLICABLE, Status.ACCEPTED, Status.OPEN):
        assert requirement.note.endswith("."), requirement.id
    for requirement in of(Status.OPEN):
        assert "Closes" in requirement.note, f"{requirement.id}: what would close it?"
    for requirement in of(Status.NOT_APPLICABLE):
        assert not requirement.evidence, requirement.id


def is_there(evidence: str) -> bool:
    """Whether the file exists, and the test in it."""
    path, _, function = evidence.partition("::")
    return (ROOT / path).is_file() and (not function or function in functions(path))


@cache
def functions(path: str) -> frozenset[str]:
    """The names of the test functions in a file."""
    assert re.search(r"(^|/)test_\w+\.py$", path), f"{path} is no file of tests"
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )
