import { Code, ConnectError } from "@connectrpc/connect";

import {
  BadRequestSchema,
  ErrorInfoSchema,
  LocalizedMessageSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.js";

/** What is wrong with one field of the request. */
export interface FieldProblem {
  /** Dotted path within the request, for example `job.title`. */
  field: string;
  description: string;
  reason: string;
}

/** A failed call, as the server explained it. */
export interface Problem {
  code: Code;
  /** For people, in the client's locale. */
  message: string;
  /** For programs, for example `JOB_NOT_OPEN`; empty when the network failed. */
  reason: string;
  /** The service that refused, for example `jobs.weneeds.fr`. */
  domain: string;
  metadata: Record<string, string>;
  fields: FieldProblem[];
  /** Milliseconds to wait before another try, where the server says so. */
  retryAfter: number | undefined;
  /** Names the call in the server's logs. */
  correlationId: string;
}

/** Returns what a thrown value says about the call that failed. */
export function explain(thrown: unknown): Problem {
  const error = ConnectError.from(thrown);
  const info = error.findDetails(ErrorInfoSchema)[0];
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const violations = error.findDetails(BadRequestSchema).flatMap((bad) => bad.fieldViolations);
  return {
    code: error.code,
    message: error.findDetails(LocalizedMessageSchema)[0]?.message ?? error.rawMessage,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: { ...info?.metadata },
    fields: violations.map((each) => ({
      field: each.field,
      description: each.localizedMessage?.message || each.description,
      reason: each.reason,
    })),
    retryAfter: delay && Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000,
    correlationId: error.findDetails(RequestInfoSchema)[0]?.requestId ?? "",
  };
}

/** Whether a call failed for this reason. */
export function isReason(thrown: unknown, reason: string): boolean {
  return thrown instanceof ConnectError && explain(thrown).reason === reason;
}

/** Whether a new access token may help: the old one ran out. */
export function isExpired(thrown: unknown): boolean {
  if (!(thrown instanceof ConnectError) || thrown.code !== Code.Unauthenticated) {
    return false;
  }
  return ["", "TOKEN_EXPIRED"].includes(explain(thrown).reason);
}
