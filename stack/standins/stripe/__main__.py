"""Serve the stand-in: `python -m stack.standins.stripe STATE_FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from stack.standins.stripe.app import create
from stack.standins.stripe.store import Store
from stack.topology import HOST, Topology


def main() -> None:
    topology = Topology.load(Path(sys.argv[1]))
    if topology is None:
        sys.exit(f"no mesh was ever started in {sys.argv[1]}")
    app = create(
        Store(topology.stripe),
        page=f"http://{topology.address('stripe')}",
        webhook_url=topology.stripe_webhook,
        webhook_secret=topology.passwords["stripe-webhook"],
    )
    # Critical alone: an answer that is dropped on purpose is an error to the server.
    uvicorn.run(
        app,
        host=HOST,
        port=topology.ports["stripe"],
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
