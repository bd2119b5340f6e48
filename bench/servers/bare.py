"""A gRPC server with mTLS and nothing else around its handlers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc


async def bare_server(
    port: int, tls: Path, service: str, handlers: dict[str, Any]
) -> grpc.aio.Server:
    """Start one at 127.0.0.1:`port` with the certificate in `tls`; `handlers` by method name."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    credentials = grpc.ssl_server_credentials(
        [((tls / "key.pem").read_bytes(), (tls / "cert.pem").read_bytes())],
        root_certificates=(tls / "ca.pem").read_bytes(),
        require_client_auth=True,
    )
    server.add_secure_port(f"127.0.0.1:{port}", credentials)
    await server.start()
    return server
