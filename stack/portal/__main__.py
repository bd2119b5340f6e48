"""Serve the pages and receive mail: `python -m stack.portal STATE_FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvicorn

from stack.portal.app import create
from stack.standins import mailbox
from stack.topology import HOST, Topology


async def _serve(topology: Topology) -> None:
    mail_server = await mailbox.serve(topology.mailbox, HOST, topology.ports["smtp"])
    config = uvicorn.Config(
        create(topology),
        host=HOST,
        port=topology.ports["portal"],
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    await uvicorn.Server(config).serve()
    mail_server.close()


def main() -> None:
    topology = Topology.load(Path(sys.argv[1]))
    if topology is None:
        sys.exit(f"no mesh was ever started in {sys.argv[1]}")
    asyncio.run(_serve(topology))


if __name__ == "__main__":
    main()
