"""The jobs service: wiring, nothing else."""

from __future__ import annotations

from pathlib import Path

from weneeds.jobs.v1 import (
    application_service_pb2,
    candidate_service_pb2,
    error_reason_pb2,
    facts_service_pb2,
    job_service_pb2,
)
from weneeds.options.v1.policy_pb2 import SCOPE_KIND_APPLICATION, SCOPE_KIND_JOB

from services.jobs.app.applications import Applications
from services.jobs.app.candidates import Candidates
from services.jobs.app.erasures import Erasures
from services.jobs.app.jobs import Jobs
from services.jobs.app.projections import Projections
from services.jobs.events.handlers import consumers
from services.jobs.ports.access import ContractPrices, KitCollaborators
from services.jobs.ports.auth import AuthContacts
from services.jobs.ports.matching import MatchingScoring
from services.jobs.rpc.applications import ApplicationRpc
from services.jobs.rpc.candidates import CandidateRpc
from services.jobs.rpc.facts import FactsRpc
from services.jobs.rpc.jobs import JobRpc
from services.jobs.store.applications import PgApplicationStore
from services.jobs.store.candidates import PgCandidateStore
from services.jobs.store.erasures import PgErasureStore
from services.jobs.store.jobs import PgJobStore
from services.jobs.store.projections import PgProjectionStore
from services.kit.service import Endpoint, Resources, Service, Wiring
from services.kit.settings import Settings


async def wire(kit: Resources[Settings]) -> Wiring:
    """Put the rooms together."""
    job_store = PgJobStore(kit.reader)
    candidate_store = PgCandidateStore(kit.reader)
    application_store = PgApplicationStore(kit.reader)
    jobs = Jobs(kit.work, job_store, KitCollaborators(kit.access), kit.clock, kit.ids)
    candidates = Candidates(kit.work, candidate_store, kit.clock)
    applications = Applications(
        kit.work,
        application_store,
        job_store,
        candidate_store,
        MatchingScoring(kit.channels.to("matching")),
        ContractPrices(),
        kit.clock,
        kit.ids,
    )
    projections = Projections(kit.work, PgProjectionStore(), AuthContacts(kit.channels.to("auth")))
    erasures = Erasures(kit.work, PgErasureStore(), application_store, kit.clock)
    return Wiring(
        endpoints=[
            Endpoint(job_service_pb2.DESCRIPTOR.services_by_name["JobService"], JobRpc(jobs)),
            Endpoint(
                candidate_service_pb2.DESCRIPTOR.services_by_name["CandidateService"],
                CandidateRpc(candidates),
            ),
            Endpoint(
                application_service_pb2.DESCRIPTOR.services_by_name["ApplicationService"],
                ApplicationRpc(applications),
            ),
            Endpoint(
                facts_service_pb2.DESCRIPTOR.services_by_name["FactsService"],
                FactsRpc(job_store, candidate_store),
            ),
        ],
        reasons=[error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]],
        consumers=consumers(projections, erasures),
        scopes={
            SCOPE_KIND_JOB: job_store.owner,
            SCOPE_KIND_APPLICATION: application_store.owner,
        },
    )


SERVICE = Service(name="jobs", wire=wire, migrations=Path(__file__).parent / "migrations")
