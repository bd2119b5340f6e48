"""Fixes scores and shows what proves them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import DependencyDown
from services.kit.ids import Ids, is_uuid
from services.kit.work import UnitsOfWork
from services.matching.app.cv import CvStore
from services.matching.app.matches import Match
from services.matching.app.ports import Facts, KnownJob, KnownProfile
from services.matching.app.stores import IndexStore, ReceiptStore
from services.matching.domain.counterfactuals import Counterfactual, counterfactuals
from services.matching.domain.errors import JobNotIndexed, ProfileNotIndexed, ReceiptNotFound
from services.matching.domain.evidence import Evidence, evidence_for, evidence_json
from services.matching.domain.notice import NOTICE_ID
from services.matching.domain.receipt import Receipt, Signature, hash_of, statement_of
from services.matching.domain.scoring.inputs import read_inputs, write_inputs
from services.matching.domain.scoring.score import ENGINE_VERSION, score

_OWNERS_KEPT = 10_000


class Signer(Protocol):
    """Signs statements."""

    def sign(self, statement: str) -> Signature:
        """Return a signature over the statement's UTF-8 bytes."""


class Scoring:
    """Scores applications, once each."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        index: IndexStore,
        receipts: ReceiptStore,
        facts: Facts,
        clock: Clock,
        ids: Ids,
        engine_hash: str,
        signer: Signer,
        cvs: CvStore,
        note: Callable[[Sequence[Match]], None] | None = None,
    ) -> None:
        self._work = work
        self._reader = reader
        self._index = index
        self._receipts = receipts
        self._facts = facts
        self._clock = clock
        self._ids = ids
        self._engine_hash = engine_hash
        self._signer = signer
        self._cvs = cvs
        self._note = note
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def fix(self, application_id: str, job_id: str, candidate_id: str) -> Receipt:
        """Return the application's receipt, writing it the first time.

        Scores the facts as the jobs service tells them now, so that a profile written a moment
        ago counts; the index stands in while that service is away. Raises JobNotIndexed and
        ProfileNotIndexed for what neither knows, and DependencyDown.
        """
        async with self._work() as work:
            found = await self._receipts.of_application(work, application_id)
        if found is not None:
            return found
        job, profile = await asyncio.gather(self._job(job_id), self._profile(candidate_id))
        receipt = self._receipt(application_id, job, profile, await self._evidence(profile))
        async with self._work() as work:
            if await self._receipts.add(work, receipt):
                if self._note is not None:
                    work.after_commit(partial(self._note, [_match(receipt)]))
                return receipt
            # Somebody else was first: theirs is the score.
            found = await self._receipts.of_application(work, application_id)
        return found or receipt

    async def receipt(self, receipt_id: str) -> Receipt:
        """Return a receipt; raise ReceiptNotFound."""
        found = await self._receipts.by_id(self._reader, receipt_id)
        if found is None:
            raise ReceiptNotFound(receipt_id=receipt_id)
        return found

    async def counterfactuals(self, receipt: Receipt) -> tuple[Counterfactual, ...]:
        """Return what would have moved a receipt's score, each scored again with its own inputs.

        None when another engine made the score, or the inputs were erased.
        """
        made_by = (receipt.engine_version, receipt.engine_hash)
        if not receipt.inputs or made_by != (ENGINE_VERSION, self._engine_hash):
            return ()
        # Some twenty scores: away from the loop that serves everybody else.
        return await asyncio.to_thread(counterfactuals, *read_inputs(receipt.inputs))

    async def owners_of_receipt(self, receipt_id: str) -> tuple[str, str] | None:
        """Return the company and the candidate of a receipt."""
        if not is_uuid(receipt_id):
            return None
        found = await self._receipts.by_id(self._reader, receipt_id)
        return (found.company_id, found.candidate_id) if found else None

    async def owner_of_job(self, job_id: str) -> str | None:
        """Return the company of a job: from memory, the index or the jobs service."""
        if not is_uuid(job_id):
            return None
        if job_id in self._owners:
            self._owners.move_to_end(job_id)
            return self._owners[job_id]
        indexed = await self._index.job(self._reader, job_id)
        owner = indexed[0].company_id if indexed else await self._facts.company_of(job_id)
        if owner:
            self._owners[job_id] = owner
        while len(self._owners) > _OWNERS_KEPT:
            self._owners.popitem(last=False)
        return owner

    async def _job(self, job_id: str) -> KnownJob:
        try:
            told = await self._facts.jobs([job_id])
        except DependencyDown:
            indexed = await self._index.job(self._reader, job_id)
            if indexed is None:
                raise
            return indexed[0]
        if not told:
            raise JobNotIndexed(job_id=job_id)
        return told[0]

    async def _profile(self, candidate_id: str) -> KnownProfile:
        try:
            told = await self._facts.profiles([candidate_id])
        except DependencyDown:
            indexed = await self._index.profile(self._reader, candidate_id)
            if indexed is None:
                raise
            return indexed[0]
        if not told:
            raise ProfileNotIndexed(candidate_id=candidate_id)
        return told[0]

    async def _evidence(self, profile: KnownProfile) -> tuple[Evidence, ...]:
        cv = await self._cvs.of(self._reader, profile.id)
        return evidence_for(profile.facts, cv.facts, cv.file_hash) if cv else ()

    def _receipt(
        self,
        application_id: str,
        job: KnownJob,
        profile: KnownProfile,
        evidence: tuple[Evidence, ...],
    ) -> Receipt:
        now = self._clock.now()
        fixed = score(job.facts, profile.facts, now.date())
        inputs = write_inputs(job.facts, profile.facts, now.date())
        receipt = Receipt(
            id=self._ids.new(),
            application_id=application_id,
            company_id=job.company_id,
            job_id=job.id,
            job_version=job.version,
            candidate_id=profile.id,
            profile_version=profile.version,
            engine_version=ENGINE_VERSION,
            engine_hash=self._engine_hash,
            inputs=inputs,
            inputs_hash=hash_of(inputs),
            final=fixed.final,
            dimensions=fixed.dimensions,
            reliability=fixed.reliability,
            reasons=fixed.reasons,
            created_at=now,
            notice_id=NOTICE_ID,
            evidence=evidence,
            evidence_hash=hash_of(evidence_json(evidence)),
        )
        statement = statement_of(receipt)
        return replace(receipt, statement=statement, signature=self._signer.sign(statement))


def _match(receipt: Receipt) -> Match:
    return Match(
        job_id=receipt.job_id,
        candidate_id=receipt.candidate_id,
        job_version=receipt.job_version,
        profile_version=receipt.profile_version,
        final=receipt.final,
        dimensions=receipt.dimensions,
        reliability=receipt.reliability,
        reasons=receipt.reasons,
        placed=None,
        updated_at=receipt.created_at,
    )
