/**
 * WeNeeds for TypeScript: one typed client a service, over gRPC-web by default.
 *
 *     const weneeds = createWeNeeds({ baseUrl: "https://api.weneeds.fr", locale: "en" });
 *     await weneeds.sessions.signIn({ email, password });
 *     const { jobs } = await weneeds.jobs.listJobs({ pageSize: 20 });
 */
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { AdminSessionService } from "../gen/weneeds/auth/v1/admin_service_pb.js";
import { SessionService } from "../gen/weneeds/auth/v1/session_service_pb.js";
import { services } from "../gen/services.js";
import { identifying, language } from "./interceptors.js";
import { Session, type Tokens } from "./session.js";

export { explain, type FieldProblem, isReason, type Problem } from "./errors.js";
export { pages } from "./paging.js";
export { Session, type SessionState, type Tokens } from "./session.js";
export { follow, type FollowOptions } from "./stream.js";

/** What a transport is made of. */
export interface Wiring {
  baseUrl: string;
  interceptors: Interceptor[];
}

export interface WeNeedsOptions {
  /** The gateway, for example `https://api.weneeds.fr`. */
  baseUrl: string;
  /** The language of messages: "fr" (when left out) or "en". */
  locale?: "fr" | "en";
  /** An access token, used until it runs out. */
  token?: string;
  /** A saved session, which renews itself. */
  tokens?: Tokens;
  /** Hears of every change of the tokens, so that a program can store them. */
  onTokens?: (tokens: Tokens | undefined) => void;
  /** How to reach the gateway; gRPC-web over fetch when left out. */
  transport?: (wiring: Wiring) => Transport;
}

type Services = { [Name in keyof typeof services]: Client<(typeof services)[Name]> };

/** A client of the platform: an attribute for each service, and the session. */
export type WeNeeds = Services & { readonly session: Session };

/** Returns a client; the connection opens with the first call. */
export function createWeNeeds(options: WeNeedsOptions): WeNeeds {
  const connect = options.transport ?? ((wiring: Wiring) => createGrpcWebTransport(wiring));
  const spoken = language(options.locale ?? "fr");
  const given = options.tokens ?? (options.token ? { accessToken: options.token } : undefined);
  const bare = connect({ baseUrl: options.baseUrl, interceptors: [spoken] });
  const users = createClient(SessionService, bare);
  const staff = createClient(AdminSessionService, bare);
  const session = new Session(given, options.onTokens, async (held) => {
    const refreshToken = held.refreshToken ?? "";
    const renewed = held.staff ? staff.refreshAdmin({ refreshToken }) : users.refresh({ refreshToken });
    return (await renewed).tokens;
  });
  const transport = connect({
    baseUrl: options.baseUrl,
    // The first is the outermost: a call renewed and sent again keeps its request id.
    interceptors: [spoken, identifying, session.interceptor],
  });
  const clients = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [name, createClient(service, transport)]),
  );
  // The keys and values come from `services` itself, which Object.entries forgets.
  return Object.assign(clients, { session }) as unknown as WeNeeds;
}
