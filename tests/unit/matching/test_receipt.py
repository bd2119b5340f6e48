"""Receipts prove their score to the byte."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.matching.domain.receipt import Receipt, hash_of, verify
from services.matching.domain.scoring.inputs import write_inputs
from services.matching.domain.scoring.score import ENGINE_VERSION, score
from services.matching.ports.engine import engine_hash
from tests.unit.matching.people import PYTHON_DEV, PYTHON_JOB, TODAY

ENGINE = engine_hash()


@pytest.fixture
def receipt() -> Receipt:
    found = score(PYTHON_JOB, PYTHON_DEV, TODAY)
    inputs = write_inputs(PYTHON_JOB, PYTHON_DEV, TODAY)
    return Receipt(
        id="r",
        application_id="a",
        company_id="c",
        job_id="j",
        job_version=1,
        candidate_id="p",
        profile_version=2,
        engine_version=ENGINE_VERSION,
        engine_hash=ENGINE,
        inputs=inputs,
        inputs_hash=hash_of(inputs),
        final=found.final,
        dimensions=found.dimensions,
        reliability=found.reliability,
        reasons=found.reasons,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def test_a_receipt_verifies(receipt: Receipt) -> None:
    assert verify(receipt, ENGINE)


def test_a_changed_score_does_not(receipt: Receipt) -> None:
    assert not verify(replace(receipt, final=receipt.final + 1), ENGINE)
    lighter = replace(receipt.dimensions, missing_info_penalty=5)
    assert not verify(replace(receipt, dimensions=lighter), ENGINE)
    assert not verify(replace(receipt, reasons=()), ENGINE)


def test_changed_inputs_do_not(receipt: Receipt) -> None:
    other = receipt.inputs.replace("FastAPI", "Flask")
    assert not verify(replace(receipt, inputs=other), ENGINE)
    assert not verify(replace(receipt, inputs=other, inputs_hash=hash_of(other)), ENGINE)


@pytest.mark.parametrize("inputs", ["", "{}", "[]", "null", '{"job":1,"profile":2,"today":"x"}'])
def test_inputs_that_are_none_do_not(receipt: Receipt, inputs: str) -> None:
    assert not verify(replace(receipt, inputs=inputs, inputs_hash=hash_of(inputs)), ENGINE)


def test_another_engine_proves_nothing(receipt: Receipt) -> None:
    assert not verify(receipt, "0" * 64)
    assert not verify(replace(receipt, engine_version="0.9"), ENGINE)


def test_inputs_are_canonical_and_hold_no_identity(receipt: Receipt) -> None:
    value = json.loads(receipt.inputs)
    again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again == receipt.inputs
    assert set(value) == {"job", "profile", "today"}
    assert set(value["profile"]) == {"contracts", "experiences", "languages", "skills", "title"}
    assert set(value["profile"]["experiences"][0]) == {
        "contract",
        "description",
        "end",
        "start",
        "title",
    }


def test_engine_hash_is_stable_and_a_digest() -> None:
    assert engine_hash() == ENGINE
    assert len(bytes.fromhex(ENGINE)) == 32
