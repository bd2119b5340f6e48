"""A signed receipt of a fictitious candidate, and the keys that check it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from services.matching.domain.evidence import Evidence, evidence_json
from services.matching.domain.notice import NOTICE_ID
from services.matching.domain.receipt import Receipt, hash_of, statement_of
from services.matching.domain.scoring.inputs import write_inputs
from services.matching.domain.scoring.score import ENGINE_VERSION, score
from services.matching.ports.engine import engine_hash
from services.matching.ports.receipt_keys import ReceiptKeys
from stack import keys
from tests.unit.matching.people import PYTHON_DEV, PYTHON_JOB, TODAY

EVIDENCE = (Evidence("profile.title", "Développeuse Python", 1, 0, 19, "f" * 64),)


def signer(folder: Path) -> ReceiptKeys:
    keys.ensure(folder / "keys", folder / "jwks.json")
    return ReceiptKeys(folder / "keys")


def jwks(folder: Path) -> str:
    return (folder / "jwks.json").read_text()


def signed(folder: Path) -> Receipt:
    found = score(PYTHON_JOB, PYTHON_DEV, TODAY)
    inputs = write_inputs(PYTHON_JOB, PYTHON_DEV, TODAY)
    receipt = Receipt(
        id="r",
        application_id="a",
        company_id="c",
        job_id="j",
        job_version=1,
        candidate_id="p",
        profile_version=2,
        engine_version=ENGINE_VERSION,
        engine_hash=engine_hash(),
        inputs=inputs,
        inputs_hash=hash_of(inputs),
        final=found.final,
        dimensions=found.dimensions,
        reliability=found.reliability,
        reasons=found.reasons,
        created_at=datetime(2026, 11, 23, 10, 30, tzinfo=UTC),
        notice_id=NOTICE_ID,
        evidence=EVIDENCE,
        evidence_hash=hash_of(evidence_json(EVIDENCE)),
    )
    statement = statement_of(receipt)
    return replace(receipt, statement=statement, signature=signer(folder).sign(statement))


def edited(document: str, path: str, value: object) -> str:
    """The document with one value changed: "statement.final_score"."""
    changed = json.loads(document)
    place = changed
    *way, last = path.split(".")
    for name in way:
        place = place[name]
    place[last] = value
    return json.dumps(changed)
