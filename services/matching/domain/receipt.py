"""Receipts: what proves a score, and how anybody checks one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from services.matching.domain.scoring.completeness import Reliability
from services.matching.domain.scoring.inputs import read_inputs
from services.matching.domain.scoring.reasons import Reason
from services.matching.domain.scoring.score import ENGINE_VERSION, Dimensions, score


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
