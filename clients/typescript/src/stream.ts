import { Code, ConnectError } from "@connectrpc/connect";

import type { Notice } from "../gen/weneeds/messaging/v1/stream_service_pb.js";
import { explain, isExpired } from "./errors.js";
import type { WeNeeds } from "./index.js";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const ATTEMPTS = 30;

export interface FollowOptions {
  /** Which topics; all when left out. */
  topics?: string[];
  /** The cursor of the last notice seen; from now on when left out. */
  cursor?: string;
  /** Ends the stream. */
  signal?: AbortSignal;
  /** Called when the server shows that the stream is open: at first, and after a break. */
  onLive?: () => void;
}

/**
 * Follows the caller's notices. After a break the stream goes on from the last
 * notice seen; heartbeats are swallowed. Ends with the signal, or throws what
 * the server refuses.
 */
export async function* follow(
  weneeds: WeNeeds,
  options: FollowOptions = {},
): AsyncGenerator<Notice> {
  const { topics = [], signal } = options;
  let cursor = options.cursor ?? "";
  let failures = 0;
  while (!signal?.aborted) {
    let live = false;
    try {
      const call = signal ? { signal } : {};
      for await (const { message } of weneeds.streams.subscribe({ topics, cursor }, call)) {
        if (!live) {
          live = true;
          options.onLive?.();
        }
        failures = 0;
        if (message.case === "notice") {
          cursor = message.value.cursor;
          yield message.value;
        }
      }
      return;
    } catch (error) {
      if (signal?.aborted) {
        return;
      }
      failures += 1;
      if (failures >= ATTEMPTS || !(await mended(weneeds, error))) {
        throw error;
      }
      await pause(failures, error, signal);
    }
  }
}

/** Whether opening the stream again may work. */
async function mended(weneeds: WeNeeds, error: unknown): Promise<boolean> {
  if (isExpired(error) && weneeds.session.tokens?.refreshToken) {
    await weneeds.session.renew();
    return true;
  }
  const { code, reason, retryAfter } = explain(error);
  if (code === Code.Unavailable || retryAfter !== undefined) {
    return true;
  }
  // A server always gives a reason; a reset by a proxy comes without one.
  return reason === "" && [Code.Internal, Code.Unknown, Code.Canceled, Code.Aborted].includes(code);
}

async function pause(failures: number, error: unknown, signal?: AbortSignal): Promise<void> {
  const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  const told = error instanceof ConnectError ? (explain(error).retryAfter ?? 0) : 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, told + Math.random() * bound);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
