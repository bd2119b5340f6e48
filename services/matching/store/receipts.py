"""Receipts in Postgres."""

from __future__ import annotations

import json
from dataclasses import asdict

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from services.kit.db import Query, Row
from services.kit.work import UnitOfWork
from services.matching.app.stores import Reads
from services.matching.domain.evidence import Evidence, evidence_json
from services.matching.domain.receipt import Receipt, Signature
from services.matching.domain.scoring.completeness import Reliability
from services.matching.domain.scoring.reasons import Reason
from services.matching.domain.scoring.score import Dimensions
from services.matching.store.tables import receipts

_ADD = Query(insert(receipts).on_conflict_do_nothing(index_elements=["application_id"]))
_BY_ID = Query(select(receipts).where(receipts.c.id == bindparam("id")))
_OF_APPLICATION = Query(
    select(receipts).where(receipts.c.application_id == bindparam("application_id"))
)
# The one change that the table's trigger lets through.
_ERASE = Query.text(
    """
    update receipts set inputs = '', reasons = '[]', evidence = ''
    where candidate_id = :candidate_id and inputs <> ''
    """
)


class PostgresReceipts:
    """Keeps receipts in Postgres."""

    async def add(self, work: UnitOfWork, receipt: Receipt) -> bool:
        """Write a receipt; False when the application has one already."""
        written = await work.execute(
            _ADD,
            id=receipt.id,
            application_id=receipt.application_id,
            company_id=receipt.company_id,
            job_id=receipt.job_id,
            job_version=receipt.job_version,
            candidate_id=receipt.candidate_id,
            profile_version=receipt.profile_version,
            engine_version=receipt.engine_version,
            engine_hash=receipt.engine_hash,
            inputs=receipt.inputs,
            inputs_hash=receipt.inputs_hash,
            final_score=receipt.final,
            dimensions=asdict(receipt.dimensions),
            reliability=receipt.reliability.value,
            reasons=[asdict(reason) for reason in receipt.reasons],
            created_at=receipt.created_at,
            notice_id=receipt.notice_id,
            evidence=evidence_json(receipt.evidence),
            evidence_hash=receipt.evidence_hash,
            statement=receipt.statement,
            kid=receipt.signature.kid if receipt.signature else "",
            signature=receipt.signature.value if receipt.signature else "",
        )
        return written == 1

    async def erase(self, work: UnitOfWork, candidate_id: str) -> None:
        """Take the facts about a person out of their receipts; scores and hashes stay."""
        await work.execute(_ERASE, candidate_id=candidate_id)

    async def of_application(self, reads: Reads, application_id: str) -> Receipt | None:
        """Return the receipt of an application."""
        row = await reads.fetch_one(_OF_APPLICATION, application_id=application_id)
        return _receipt(row) if row else None

    async def by_id(self, reads: Reads, receipt_id: str) -> Receipt | None:
        """Return a receipt."""
        row = await reads.fetch_one(_BY_ID, id=receipt_id)
        return _receipt(row) if row else None


def _receipt(row: Row) -> Receipt:
    return Receipt(
        id=row["id"],
        application_id=row["application_id"],
        company_id=row["company_id"],
        job_id=row["job_id"],
        job_version=row["job_version"],
        candidate_id=row["candidate_id"],
        profile_version=row["profile_version"],
        engine_version=row["engine_version"],
        engine_hash=row["engine_hash"],
        inputs=row["inputs"],
        inputs_hash=row["inputs_hash"],
        final=row["final_score"],
        dimensions=Dimensions(**row["dimensions"]),
        reliability=Reliability(row["reliability"]),
        reasons=tuple(
            Reason(
                dimension=reason["dimension"],
                points=reason["points"],
                held=tuple(reason["held"]),
                missing=tuple(reason["missing"]),
                months=reason["months"],
            )
            for reason in row["reasons"]
        ),
        created_at=row["created_at"],
        notice_id=row["notice_id"],
        evidence=tuple(Evidence(**one) for one in json.loads(row["evidence"] or "[]")),
        evidence_hash=row["evidence_hash"],
        statement=row["statement"],
        signature=Signature(row["kid"], row["signature"]) if row["signature"] else None,
    )
