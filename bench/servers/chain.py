"""One canned answer on two ports: behind the whole chain, and bare.

Both in one process, so that whatever else the process does counts for both. Run as
`python -m bench.servers.chain BARE_PORT` with the environment of the jobs service.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
from weneeds.jobs.v1 import application_service_pb2 as pb
from weneeds.options.v1.policy_pb2 import SCOPE_KIND_APPLICATION

from bench.servers.bare import bare_server
from services.kit.host import serve
from services.kit.service import Endpoint, Resources, Service, Wiring
from services.kit.settings import Settings

_SERVICE = "weneeds.jobs.v1.ApplicationService"
_CANNED = pb.ListApplicationsResponse(total_size=1)


class Canned:
    """Answers every method at once with the same message."""

    def __getattr__(self, method: str) -> Any:
        return self.answer

    async def answer(
        self, request: pb.ListApplicationsRequest, context: Any
    ) -> pb.ListApplicationsResponse:
        """Do nothing else."""
        return _CANNED


async def _bare(port: int, settings: Settings) -> grpc.aio.Server:
    handler: Any = grpc.unary_unary_rpc_method_handler(
        Canned().answer,
        request_deserializer=pb.ListApplicationsRequest.FromString,
        response_serializer=pb.ListApplicationsResponse.SerializeToString,
    )
    return await bare_server(port, settings.tls_dir, _SERVICE, {"ListApplications": handler})


def main() -> None:
    """Serve both until SIGTERM."""
    port = int(sys.argv[1])
    endpoint = pb.DESCRIPTOR.services_by_name["ApplicationService"]

    async def unowned(_: str) -> None:
        return None

    async def wire(kit: Resources[Settings]) -> Wiring:
        bare = await _bare(port, kit.settings)
        return Wiring(
            endpoints=[Endpoint(endpoint, Canned())],
            scopes={SCOPE_KIND_APPLICATION: unowned},
            close=lambda: bare.stop(grace=0.1),
        )

    asyncio.run(serve([Service(name="jobs", wire=wire, migrations=Path())]))


if __name__ == "__main__":
    main()
