"""grpc.aio as it comes: bytes in, the same bytes out, no TLS. Run as `... echo PORT`."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from typing import Any

import grpc

PATH = "/weneeds.bench.v1.Echo/Echo"


async def serve(port: int) -> None:
    """Serve until SIGTERM."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])

    async def echo(request: bytes, context: Any) -> bytes:
        return request

    service, method = PATH[1:].split("/")
    handlers: dict[str, Any] = {method: grpc.unary_unary_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    gc.collect()
    gc.freeze()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(grace=0.1)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
