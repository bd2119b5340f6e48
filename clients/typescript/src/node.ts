/** Transports for Node: pass one as `transport` to `createWeNeeds`. */
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";

import type { Wiring } from "./index.js";

/** Native gRPC over HTTP/2. */
export function grpc(wiring: Wiring): Transport {
  return createGrpcTransport(wiring);
}

/** gRPC-web over HTTP/1.1, as browsers without HTTP/2 speak it. */
export function grpcWeb(wiring: Wiring): Transport {
  return createGrpcWebTransport({ ...wiring, httpVersion: "1.1" });
}
