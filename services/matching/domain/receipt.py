"""Receipts: what proves a score, and how anybody checks one."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from services.matching.domain.evidence import Evidence, evidence_json
from services.matching.domain.scoring.completeness import Reliability
from services.matching.domain.scoring.inputs import canonical, read_inputs
from services.matching.domain.scoring.reasons import Reason
from services.matching.domain.scoring.score import ENGINE_VERSION, Dimensions, score

STATEMENT_FORMAT = "weneeds-receipt/1"
ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True)
class Signature:
    """Ed25519 over the UTF-8 bytes of a statement; `value` is base64url without padding."""

    kid: str
    value: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A fixed score with everything it was computed from."""

    id: str
    application_id: str
    company_id: str
    job_id: str
    job_version: int
    candidate_id: str
    profile_version: int
    engine_version: str
    engine_hash: str
    inputs: str
    inputs_hash: str
    final: int
    dimensions: Dimensions
    reliability: Reliability
    reasons: tuple[Reason, ...]
    created_at: datetime
    notice_id: str = ""
    evidence: tuple[Evidence, ...] = ()
    evidence_hash: str = ""
    statement: str = ""
    """What was signed, to the byte; "" on receipts from before they were signed."""
    signature: Signature | None = None


def hash_of(inputs: str) -> str:
    """SHA-256 of the inputs as UTF-8, in hex."""
    return hashlib.sha256(inputs.encode()).hexdigest()


def verify(receipt: Receipt, engine_hash: str) -> bool:
    """Computes a receipt's score again, offline, and tells whether it is the same to the byte.

    `engine_hash` is the hash of the scoring function at hand: another engine proves nothing, so a
    receipt of another version does not verify. Inputs that cannot be read do not verify either.
    """
    if (receipt.engine_version, receipt.engine_hash) != (ENGINE_VERSION, engine_hash):
        return False
    if hash_of(receipt.inputs) != receipt.inputs_hash:
        return False
    try:
        again = score(*read_inputs(receipt.inputs))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    stated = (receipt.final, receipt.dimensions, receipt.reliability, receipt.reasons)
    return stated == (again.final, again.dimensions, again.reliability, again.reasons)


def statement_of(receipt: Receipt) -> str:
    """Return what a signature is over: canonical JSON without any fact about the candidate.

    Facts and quotations take part by their hashes, so that a signature outlives their erasure.
    """
    return canonical(
        {
            "application_id": receipt.application_id,
            "candidate_id": receipt.candidate_id,
            "company_id": receipt.company_id,
            "created_at": _instant(receipt.created_at),
            "dimensions": asdict(receipt.dimensions),
            "engine_hash": receipt.engine_hash,
            "engine_version": receipt.engine_version,
            "evidence_hash": receipt.evidence_hash,
            "final_score": receipt.final,
            "format": STATEMENT_FORMAT,
            "inputs_hash": receipt.inputs_hash,
            "job_id": receipt.job_id,
            "job_version": receipt.job_version,
            "notice_id": receipt.notice_id,
            "profile_version": receipt.profile_version,
            "receipt_id": receipt.id,
            "reliability": receipt.reliability.value,
        }
    )


def document_of(receipt: Receipt) -> str:
    """Return the receipt as a JSON document that can be kept and verified anywhere.

    Inputs, evidence and reasons are null once the candidate's account was deleted.
    """
    erased = not receipt.inputs
    signature = receipt.signature
    document: dict[str, Any] = {
        "statement": json.loads(receipt.statement or statement_of(receipt)),
        "inputs": None if erased else json.loads(receipt.inputs),
        "evidence": None if erased else json.loads(evidence_json(receipt.evidence)),
        "reasons": None if erased else [asdict(reason) for reason in receipt.reasons],
        "signature": signature
        and {"alg": ALGORITHM, "kid": signature.kid, "value": signature.value},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
