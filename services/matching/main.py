"""Wiring of the matching service, nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from weneeds.jobs.events.v1.events_pb2 import (
    OfferClosed,
    OfferCreated,
    OfferUpdated,
    ProfileErased,
    ProfileUpdated,
)
from weneeds.matching.v1 import (
    assistant_service_pb2,
    cv_service_pb2,
    error_reason_pb2,
    interview_service_pb2,
    match_service_pb2,
    prospect_service_pb2,
    ranking_service_pb2,
    scoring_service_pb2,
    text_search_service_pb2,
)
from weneeds.options.v1.policy_pb2 import SCOPE_KIND_JOB, SCOPE_KIND_RECEIPT

from services.kit.chain.policy import Ownership
from services.kit.consumer import Consumer
from services.kit.service import Endpoint, Periodic, Resources, Service, Wiring
from services.matching.app.assistant import Assistant
from services.matching.app.cv import Cvs
from services.matching.app.erasures import Erasures
from services.matching.app.indexing import Indexing
from services.matching.app.interviews import Interviews
from services.matching.app.llm import Front, Limits
from services.matching.app.matches import Matches
from services.matching.app.occupations import Occupations
from services.matching.app.prospects import Prospects
from services.matching.app.ranking import Ranking, Scores
from services.matching.app.scoring import Scoring
from services.matching.app.stores import Searcher
from services.matching.app.text_search import TextSearch
from services.matching.domain.fusion import PROFILES
from services.matching.domain.search.collection import Model
from services.matching.events import Events
from services.matching.ports.adapter import load_adapter
from services.matching.ports.documents.sandbox import Sandbox
from services.matching.ports.encoder import Usem3
from services.matching.ports.engine import engine_hash
from services.matching.ports.facts import JobsFacts
from services.matching.ports.llm.chat import build
from services.matching.ports.llm.spending import ValkeySpending
from services.matching.ports.occupations import vocabulary_names
from services.matching.ports.receipt_keys import ReceiptKeys
from services.matching.ports.vocabulary import load_vocabulary
from services.matching.rpc import RankingRpc
from services.matching.rpc_assistant import AssistantRpc, InterviewRpc
from services.matching.rpc_cv import CvRpc
from services.matching.rpc_matches import MatchRpc
from services.matching.rpc_prospects import ProspectRpc
from services.matching.rpc_scoring import ScoringRpc
from services.matching.rpc_text import TextSearchRpc
from services.matching.settings import MatchingSettings
from services.matching.store.board import Board
from services.matching.store.cvs import PostgresCvs
from services.matching.store.index import PostgresIndex
from services.matching.store.matches import PostgresMatches
from services.matching.store.mirror import Mirror
from services.matching.store.prospects import PostgresProspects
from services.matching.store.receipts import PostgresReceipts

_ASSISTANT = assistant_service_pb2.DESCRIPTOR.services_by_name["AssistantService"]
_INTERVIEWS = interview_service_pb2.DESCRIPTOR.services_by_name["InterviewService"]
_MATCHES = match_service_pb2.DESCRIPTOR.services_by_name["MatchService"]
_CVS = cv_service_pb2.DESCRIPTOR.services_by_name["CvService"]
_RANKING = ranking_service_pb2.DESCRIPTOR.services_by_name["RankingService"]
_TEXT = text_search_service_pb2.DESCRIPTOR.services_by_name["TextSearchService"]
_PROSPECTS = prospect_service_pb2.DESCRIPTOR.services_by_name["ProspectService"]
_SCORING = scoring_service_pb2.DESCRIPTOR.services_by_name["ScoringService"]
_REASONS = error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]
# Small enough that a batch of long profiles is embedded well before its messages come again.
_BATCH = 64
_EMBED_SECONDS = 2.0


async def wire(kit: Resources[MatchingSettings]) -> Wiring:
    """Put the rooms together."""
    index, facts, encoder = PostgresIndex(), JobsFacts(kit.channels.to("jobs")), Usem3()
    receipts, receipt_keys = PostgresReceipts(), ReceiptKeys(kit.settings.receipt_keys_dir)
    cvs, sandbox = PostgresCvs(), Sandbox()
    vocabulary = load_vocabulary(kit.settings.vocabulary)
    adapter = load_adapter()
    board = Board(index, kit.clock, Model(adapter))
    engine, close_engine = await _engine(kit, index, board)
    match_store = PostgresMatches()
    matches = Matches(kit.work, kit.reader, match_store)
    background: list[Callable[[], Awaitable[None]]] = [matches.run]
    if kit.settings.vocabulary and kit.settings.ranking_profile == "balanced":
        read = partial(vocabulary_names, kit.settings.vocabulary)
        occupations = Occupations(kit.work, kit.reader, index, encoder, board, adapter, read)
        background.append(occupations.load)
    profile = PROFILES[kit.settings.ranking_profile]
    ranking = Ranking(kit.reader, index, engine, kit.clock, Scores(), profile, matches.note)
    scoring = Scoring(
        work=kit.work,
        reader=kit.reader,
        index=index,
        receipts=receipts,
        facts=facts,
        clock=kit.clock,
        ids=kit.ids,
        engine_hash=engine_hash(),
        signer=receipt_keys,
        cvs=cvs,
        note=matches.note,
    )
    prospects = Prospects(
        work=kit.work,
        reader=kit.reader,
        store=PostgresProspects(),
        index=index,
        encoder=encoder,
        clock=kit.clock,
        ids=kit.ids,
    )
    front = _language_models(kit)
    erasures = Erasures(kit.work, index, receipts, cvs, match_store)
    events = Events(Indexing(kit.work, index, facts, encoder), erasures)

    async def owner_of_job(job_id: str) -> Ownership | None:
        company_id = await scoring.owner_of_job(job_id)
        return Ownership(company_id=company_id) if company_id else None

    async def owner_of_receipt(receipt_id: str) -> Ownership | None:
        owners = await scoring.owners_of_receipt(receipt_id)
        return Ownership(company_id=owners[0], user_id=owners[1]) if owners else None

    async def close() -> None:
        await encoder.close()
        await close_engine()
        await sandbox.close()

    return Wiring(
        endpoints=[
            Endpoint(_RANKING, RankingRpc(ranking)),
            Endpoint(_ASSISTANT, AssistantRpc(Assistant(front, kit.clock))),
            Endpoint(_INTERVIEWS, InterviewRpc(Interviews(scoring, front))),
            Endpoint(_SCORING, ScoringRpc(scoring, receipt_keys)),
            Endpoint(_MATCHES, MatchRpc(matches)),
            Endpoint(_PROSPECTS, ProspectRpc(prospects)),
            Endpoint(_TEXT, TextSearchRpc(TextSearch(kit.reader, index, engine))),
            Endpoint(
                _CVS,
                CvRpc(Cvs(kit.work, kit.reader, cvs, sandbox, kit.clock, kit.ids), vocabulary),
            ),
        ],
        reasons=[_REASONS],
        consumers=[
            Consumer("matching-offers-created", OfferCreated, events.offer, events.offers, _BATCH),
            Consumer("matching-offers-updated", OfferUpdated, events.offer, events.offers, _BATCH),
            Consumer("matching-offers-closed", OfferClosed, events.offer, events.offers, _BATCH),
            Consumer("matching-profiles", ProfileUpdated, events.profile, events.profiles, _BATCH),
            Consumer("matching-profiles-erased", ProfileErased, events.profile_erased),
        ],
        scopes={SCOPE_KIND_JOB: owner_of_job, SCOPE_KIND_RECEIPT: owner_of_receipt},
        periodic=[Periodic("matching-prospects", _EMBED_SECONDS, prospects.embed)],
        background=background,
        close=close,
    )


async def _engine(
    kit: Resources[MatchingSettings], index: PostgresIndex, board: Board
) -> tuple[Searcher, Callable[[], Awaitable[None]]]:
    """Return the engine that the configuration names, and what ends it."""
    if kit.settings.engine == "pgvector":
        return board, board.close
    # Its client takes a while to import and is needed here alone.
    from services.matching.ports.weaviate import WeaviateCollection, connect

    client = await connect(kit.settings.weaviate_url, kit.settings.weaviate_grpc_url)
    mirror = Mirror(
        index,
        kit.clock,
        WeaviateCollection(client, "Candidate"),
        WeaviateCollection(client, "Job"),
    )

    async def close() -> None:
        await client.close()
        await board.close()

    return mirror, close


def _language_models(kit: Resources[MatchingSettings]) -> Front:
    settings = kit.settings
    models = build(settings.llm_models, settings.llm_keys, settings.llm_urls)
    spending = ValkeySpending(kit.redis, kit.clock, settings.llm_day_tokens)
    limits = Limits(settings.llm_seconds, settings.llm_answer_tokens, settings.llm_call_tokens)
    return Front(models, spending, limits)


SERVICE = Service(
    name="matching",
    wire=wire,
    migrations=Path(__file__).parent / "migrations",
    settings=MatchingSettings,
)
