"""ProspectService: messages in, messages out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from weneeds.jobs.v1 import candidate_pb2, job_pb2
from weneeds.matching.v1 import prospect_service_pb2 as pb
from weneeds.matching.v1.prospect_service_pb2_grpc import ProspectServiceServicer

from services.kit.paging import Page
from services.matching.app.prospects import Prospect, Prospects
from services.matching.domain.scoring.facts import Experience, Language, Month, ProfileFacts
from services.matching.rpc_filters import EPOCH, contracts, day_number

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ProspectRpc(ProspectServiceServicer):
    """Prospects of companies."""

    def __init__(self, prospects: Prospects) -> None:
        self._prospects = prospects

    async def CreateProspect(
        self, request: pb.CreateProspectRequest, context: Any
    ) -> pb.CreateProspectResponse:
        """Write a prospect down."""
        made = await self._prospects.create(_told(request.prospect))
        return pb.CreateProspectResponse(prospect=_message(made))

    async def ListProspects(
        self, request: pb.ListProspectsRequest, context: Any
    ) -> pb.ListProspectsResponse:
        """List the company's prospects."""
        page = Page.of(request, keys=(str,))
        found = await self._prospects.page(request.company_id, page)
        shown = found.rows[: page.size]
        return pb.ListProspectsResponse(
            prospects=map(_message, shown),
            next_page_token=page.next_token(found.rows, (shown[-1].id,)) if shown else "",
            total_size=found.total,
        )

    async def ConvertProspect(
        self, request: pb.ConvertProspectRequest, context: Any
    ) -> pb.ConvertProspectResponse:
        """Tie a prospect to a candidate."""
        after = await self._prospects.convert(
            request.company_id, request.prospect_id, request.candidate_id
        )
        return pb.ConvertProspectResponse(prospect=_message(after))

    async def DeleteProspect(
        self, request: pb.DeleteProspectRequest, context: Any
    ) -> pb.DeleteProspectResponse:
        """Forget a prospect."""
        await self._prospects.delete(request.company_id, request.prospect_id)
        return pb.DeleteProspectResponse()


def _told(message: pb.Prospect) -> Prospect:
    available = message.HasField("available_from")
    return Prospect(
        id="",
        version=0,
        company_id=message.company_id,
        candidate_id=None,
        reference=message.reference,
        city=message.city,
        locale=message.locale,
        salary=message.salary_wanted,
        available=day_number(message.available_from) if available else 0,
        facts=ProfileFacts(
            title=message.title,
            experiences=tuple(map(_experience, message.experiences)),
            skills=tuple(message.skills),
            languages=tuple(
                Language(one.code, _name(job_pb2.LanguageLevel.Name(one.level), "LANGUAGE_LEVEL_"))
                for one in message.languages
            ),
            contracts=contracts(message.contract_types),
        ),
        created_at=_NEVER,
    )


def _experience(held: candidate_pb2.Experience) -> Experience:
    return Experience(
        title=held.title,
        start=_month(held.start),
        end=_month(held.end) if held.HasField("end") else None,
        contract=_name(job_pb2.ContractType.Name(held.contract_type), "CONTRACT_TYPE_"),
        description=held.description,
    )


def _month(told: Date) -> Month | None:
    return Month(told.year, max(1, told.month)) if told.year else None


def _name(name: str, prefix: str) -> str:
    plain = name.removeprefix(prefix)
    return "" if plain == "UNSPECIFIED" else plain


def _message(prospect: Prospect) -> pb.Prospect:
    facts = prospect.facts
    message = pb.Prospect(
        id=prospect.id,
        company_id=prospect.company_id,
        candidate_id=prospect.candidate_id or "",
        reference=prospect.reference,
        title=facts.title,
        experiences=map(_held, facts.experiences),
        skills=facts.skills,
        languages=[
            job_pb2.LanguageSkill(
                code=one.code,
                level=job_pb2.LanguageLevel.Value(f"LANGUAGE_LEVEL_{one.level or 'UNSPECIFIED'}"),
            )
            for one in facts.languages
        ],
        contract_types=[
            job_pb2.ContractType.Value(f"CONTRACT_TYPE_{one}") for one in facts.contracts
        ],
        city=prospect.city,
        salary_wanted=prospect.salary,
        locale=prospect.locale,
        created_at=_timestamp(prospect.created_at),
    )
    if prospect.available:
        message.available_from.CopyFrom(_date(EPOCH + timedelta(days=prospect.available)))
    return message


def _held(held: Experience) -> candidate_pb2.Experience:
    message = candidate_pb2.Experience(
        title=held.title,
        contract_type=job_pb2.ContractType.Value(f"CONTRACT_TYPE_{held.contract or 'UNSPECIFIED'}"),
        description=held.description,
    )
    if held.start:
        message.start.CopyFrom(Date(year=held.start.year, month=held.start.month))
    if held.end:
        message.end.CopyFrom(Date(year=held.end.year, month=held.end.month))
    return message


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
