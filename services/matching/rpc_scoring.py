"""ScoringService: messages in, messages out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.matching.v1 import score_pb2 as score_pb
from weneeds.matching.v1 import scoring_service_pb2 as pb
from weneeds.matching.v1.scoring_service_pb2_grpc import ScoringServiceServicer

from services.matching.app.scoring import Scoring
from services.matching.domain import plain_words, wording
from services.matching.domain.counterfactuals import Change, Counterfactual
from services.matching.domain.notice import NOTICE_ID, notice
from services.matching.domain.receipt import ALGORITHM, Receipt, Signature, document_of
from services.matching.rpc import RELIABILITY, dimensions_message, locale_of_call


class PublicKey(Protocol):
    """A public key that receipts are signed with."""

    @property
    def kid(self) -> str:
        """Its thumbprint."""

    @property
    def x(self) -> str:
        """The key, base64url without padding."""


class Published(Protocol):
    """Knows the public keys."""

    def public(self) -> Iterable[PublicKey]:
        """Return all of them."""


class ScoringRpc(ScoringServiceServicer):
    """Scores and what proves them."""

    def __init__(self, scoring: Scoring, keys: Published) -> None:
        self._scoring = scoring
        self._keys = keys

    async def ScoreApplication(
        self, request: pb.ScoreApplicationRequest, context: Any
    ) -> pb.ScoreApplicationResponse:
        """See the contract."""
        receipt = await self._scoring.fix(
            request.application_id, request.job_id, request.candidate_id
        )
        return pb.ScoreApplicationResponse(
            score=_score(receipt, locale_of_call()), receipt_id=receipt.id
        )

    async def GetReceipt(
        self, request: pb.GetReceiptRequest, context: Any
    ) -> pb.GetReceiptResponse:
        """See the contract."""
        locale = locale_of_call()
        receipt = await self._scoring.receipt(request.receipt_id)
        found = await self._scoring.counterfactuals(receipt)
        return pb.GetReceiptResponse(
            receipt=receipt_message(receipt, locale),
            document=document_of(receipt),
            plain_words=plain_words.receipt(receipt, locale),
            counterfactuals=[_counterfactual(one, locale) for one in found],
        )

    async def GetReceiptKeys(
        self, request: pb.GetReceiptKeysRequest, context: Any
    ) -> pb.GetReceiptKeysResponse:
        """See the contract."""
        return pb.GetReceiptKeysResponse(
            keys=[
                pb.ReceiptKey(
                    kty="OKP", crv="Ed25519", x=key.x, kid=key.kid, alg=ALGORITHM, use="sig"
                )
                for key in self._keys.public()
            ]
        )

    async def GetScoringNotice(
        self, request: pb.GetScoringNoticeRequest, context: Any
    ) -> pb.GetScoringNoticeResponse:
        """See the contract."""
        return pb.GetScoringNoticeResponse(notice_id=NOTICE_ID, text=notice(locale_of_call()))


def receipt_message(receipt: Receipt, locale: str) -> score_pb.Receipt:
    """Turn a receipt into its message, with reasons in the caller's language."""
    return score_pb.Receipt(
        id=receipt.id,
        job_id=receipt.job_id,
        job_version=receipt.job_version,
        candidate_id=receipt.candidate_id,
        profile_version=receipt.profile_version,
        engine_version=receipt.engine_version,
        engine_hash=receipt.engine_hash,
        inputs=receipt.inputs,
        inputs_hash=receipt.inputs_hash,
        score=_score(receipt, locale),
        created_at=_timestamp(receipt.created_at),
        application_id=receipt.application_id,
        company_id=receipt.company_id,
        notice_id=receipt.notice_id,
        evidence=[score_pb.Evidence(**asdict(one)) for one in receipt.evidence],
        evidence_hash=receipt.evidence_hash,
        statement=receipt.statement,
        signature=_signature(receipt.signature),
    )


def _score(receipt: Receipt, locale: str) -> score_pb.Score:
    return score_pb.Score(
        final_score=receipt.final,
        dimensions=dimensions_message(receipt.dimensions),
        reliability=RELIABILITY[receipt.reliability],
        reasons=[wording.sentence(reason, locale) for reason in receipt.reasons],
    )


def _signature(signature: Signature | None) -> score_pb.ReceiptSignature | None:
    if signature is None:
        return None
    return score_pb.ReceiptSignature(alg=ALGORITHM, kid=signature.kid, value=signature.value)


def _counterfactual(found: Counterfactual, locale: str) -> score_pb.Counterfactual:
    return score_pb.Counterfactual(
        text=plain_words.counterfactual(found, locale),
        score_before=found.before,
        score_after=found.after,
        changes=[_change(change) for change in found.changes],
    )


def _change(change: Change) -> score_pb.FactChange:
    return score_pb.FactChange(
        kind=score_pb.FactChangeKind.Value(f"FACT_CHANGE_KIND_{change.kind}"),
        value=change.value,
        level=change.level,
        position=change.position,
        months=change.months,
    )


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
