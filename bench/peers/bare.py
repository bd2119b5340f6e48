"""ListApplications by hand: grpc.aio, asyncpg, one statement, no layers around it.

The floor for this page in Python with the same statement, the same answer and the same mTLS.
Run as `python -m bench.peers.bare PORT DATABASE_URL TLS_DIR`.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.jobs.v1 import application_pb2 as pb
from weneeds.jobs.v1 import application_service_pb2 as service

PAGE = """
select (select count(*) from applications x where x.company_id = $1) as total, page.*
from (values (1)) one(row)
left join lateral (
    select x.id, x.status, x.matching_score, x.receipt_id, x.created_at,
           x.candidate_id, p.first_name, p.email, k.city as candidate_city,
           x.job_id, j.title as job_title, c.name as company_name,
           m.id as meeting_id, m.starts_at, m.duration_minutes, m.place
    from (
        select * from applications x where x.company_id = $1
        order by x.created_at desc, x.id desc limit $2 offset $3
    ) x
    join jobs j on j.id = x.job_id
    join candidates k on k.id = x.candidate_id
    left join people p on p.user_id = x.candidate_id
    left join companies c on c.id = x.company_id
    left join meetings m on m.application_id = x.id
    order by x.created_at desc, x.id desc
) page on true
"""
_SERVICE = "weneeds.jobs.v1.ApplicationService"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULT_SIZE = 20


class Applications:
    """Answers ListApplications, without paging tokens."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def list(
        self, request: service.ListApplicationsRequest, context: Any
    ) -> service.ListApplicationsResponse:
        """Return one page and the total."""
        size = request.page_size or _DEFAULT_SIZE
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(PAGE, request.company_id, size + 1, request.skip)
        shown = [_application(row) for row in rows[:size] if row["id"] is not None]
        return service.ListApplicationsResponse(applications=shown, total_size=rows[0]["total"])


def _application(row: Any) -> pb.Application:
    message = pb.Application(
        id=row["id"],
        status=row["status"],
        matching_score=row["matching_score"],
        created_at=_timestamp(row["created_at"]),
        candidate=pb.ApplicationCandidate(
            id=row["candidate_id"],
            first_name=row["first_name"] or "",
            email=row["email"] or "",
            city=row["candidate_city"],
        ),
        job=pb.ApplicationJob(
            id=row["job_id"], title=row["job_title"], company_name=row["company_name"] or ""
        ),
        receipt_id=row["receipt_id"] or "",
    )
    if row["meeting_id"] is not None:
        message.meeting.id = row["meeting_id"]
        message.meeting.starts_at.CopyFrom(_timestamp(row["starts_at"]))
        message.meeting.duration_minutes = row["duration_minutes"]
        message.meeting.place = row["place"]
    return message


def _timestamp(moment: datetime) -> Timestamp:
    delta = moment - _EPOCH
    return Timestamp(seconds=delta.days * 86_400 + delta.seconds, nanos=delta.microseconds * 1000)


async def _text_ids(connection: Any) -> None:
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)


async def _no_reset(connection: Any) -> None:
    del connection


async def serve(port: int, database_url: str, tls: Path) -> None:
    """Serve until SIGTERM."""
    pool = await asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=8,
        init=_text_ids,
        reset=_no_reset,
        server_settings={"plan_cache_mode": "force_custom_plan", "timezone": "UTC", "jit": "off"},
    )
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: Any = grpc.unary_unary_rpc_method_handler(
        Applications(pool).list,
        request_deserializer=service.ListApplicationsRequest.FromString,
        response_serializer=service.ListApplicationsResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(_SERVICE, {"ListApplications": handler}),)
    )
    credentials = grpc.ssl_server_credentials(
        [((tls / "key.pem").read_bytes(), (tls / "cert.pem").read_bytes())],
        root_certificates=(tls / "ca.pem").read_bytes(),
        require_client_auth=True,
    )
    server.add_secure_port(f"127.0.0.1:{port}", credentials)
    await server.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(grace=0.2)
    pool.terminate()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
