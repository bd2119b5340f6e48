import { type DescMethod, getOption, isMessage, type Message } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";

import { AdminSessionService } from "../gen/weneeds/auth/v1/admin_service_pb.js";
import {
  SessionService,
  type Tokens as TokensMessage,
  TokensSchema,
} from "../gen/weneeds/auth/v1/session_service_pb.js";
import { Access, policy } from "../gen/weneeds/options/v1/policy_pb.js";
import { isExpired, isReason } from "./errors.js";

const SIGN_OUTS: ReadonlySet<DescMethod> = new Set<DescMethod>([
  SessionService.method.signOut,
  AdminSessionService.method.signOutAdmin,
]);
const MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.2;

/** The tokens of one session. Keep them as you would keep a password. */
export interface Tokens {
  accessToken: string;
  /** Unix milliseconds; undefined when not known. */
  accessExpiresAt?: number;
  /** Without it the access token is used until it runs out. */
  refreshToken?: string;
  /** A session of staff: it is renewed as one. */
  staff?: boolean;
}

/** Where a person stands: a site shows its pages, the sign-in, or why the account is closed. */
export type SessionState = "authenticated" | "unauthenticated" | "banned";

type Refresh = (held: Tokens) => Promise<TokensMessage | undefined>;
type Send = Parameters<Interceptor>[0];

/**
 * Who the client is: keeps the tokens of a sign-in or a step-up, renews them before
 * they run out and once when the server says they did, and forgets them at sign-out.
 * A user or a member of staff: a client is one of them at a time.
 */
export class Session {
  #tokens: Tokens | undefined;
  #renewAt: number;
  #renewing: Promise<void> | undefined;
  #banned = false;
  readonly #onChange: ((tokens: Tokens | undefined) => void) | undefined;
  readonly #refresh: Refresh;

  constructor(
    tokens: Tokens | undefined,
    onChange: ((tokens: Tokens | undefined) => void) | undefined,
    refresh: Refresh,
  ) {
    this.#tokens = tokens;
    this.#renewAt = renewalTime(tokens);
    this.#onChange = onChange;
    this.#refresh = refresh;
  }

  /** The tokens in use; undefined when signed out. */
  get tokens(): Tokens | undefined {
    return this.#tokens;
  }

  /** Where the person stands, as far as the last answers told. */
  get state(): SessionState {
    if (this.#banned) {
      return "banned";
    }
    return this.#tokens ? "authenticated" : "unauthenticated";
  }

  /** Uses these tokens from now on. */
  keep(tokens: Tokens | undefined): void {
    this.#banned = false;
    this.#tokens = tokens;
    this.#renewAt = renewalTime(tokens);
    this.#onChange?.(tokens);
  }

  /** Sends the token where the method's policy wants one. */
  readonly interceptor: Interceptor = (next) => async (request) => {
    try {
      return await this.#sent(next, request);
    } catch (error) {
      this.#learnBan(error);
      throw error;
    }
  };

  async #sent(next: Send, request: Parameters<Send>[0]): ReturnType<Send> {
    if (getOption(request.method, policy).access === Access.PUBLIC) {
      return this.#learning(next, request);
    }
    if (Date.now() >= this.#renewAt) {
      await this.#renewEarly();
    }
    const stale = this.#authorize(request.header);
    try {
      return await this.#learning(next, request);
    } catch (error) {
      // A stream's request is used up once it was sent; `follow` opens it again.
      if (request.stream || !isExpired(error) || !this.#tokens?.refreshToken) {
        throw error;
      }
      await this.#renew(stale);
      this.#authorize(request.header);
      return await this.#learning(next, request);
    }
  }

  /** Trades the refresh token, once for all who ask while it happens. */
  async renew(): Promise<void> {
    await this.#renew(this.#tokens?.accessToken);
  }

  async #renew(stale: string | undefined): Promise<void> {
    if (this.#tokens?.accessToken !== stale) {
      return;
    }
    this.#renewing ??= this.#trade().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async #renewEarly(): Promise<void> {
    try {
      await this.renew();
    } catch (error) {
      // The token in hand is still good for a while, unless the session is over.
      if (ConnectError.from(error).code === Code.Unauthenticated) {
        throw error;
      }
    }
  }

  async #trade(): Promise<void> {
    const held = this.#tokens;
    if (!held?.refreshToken) {
      return;
    }
    try {
      this.keep(plain(await this.#refresh(held), held.staff));
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) {
        this.keep(undefined);
      }
      throw error;
    }
  }

  #authorize(header: Headers): string | undefined {
    const token = this.#tokens?.accessToken;
    if (token) {
      header.set("authorization", `Bearer ${token}`);
    }
    return token;
  }

  async #learning(next: Send, request: Parameters<Send>[0]): ReturnType<Send> {
    const response = await next(request);
    if (!response.stream) {
      this.#learn(request as UnaryRequest, response.message);
    }
    return response;
  }

  /** Tokens of a banned account open nothing any more. */
  #learnBan(error: unknown): void {
    if (isReason(error, "ACCOUNT_BANNED")) {
      this.keep(undefined);
      this.#banned = true;
    }
  }

  #learn(request: UnaryRequest, message: Message): void {
    if (bringsTokens(message)) {
      this.keep(plain(message.tokens, request.service.typeName === AdminSessionService.typeName));
    } else if (SIGN_OUTS.has(request.method)) {
      this.keep(undefined);
    }
  }
}

/** Whether the answer brings tokens; one that asks for a second factor does not yet. */
function bringsTokens(message: Message): message is Message & { tokens: TokensMessage } {
  return "tokens" in message && isMessage(message.tokens, TokensSchema);
}

function plain(tokens: TokensMessage | undefined, staff = false): Tokens | undefined {
  if (!tokens) {
    return undefined;
  }
  const { accessToken, refreshToken, accessExpiresAt } = tokens;
  const until = accessExpiresAt ? { accessExpiresAt: timestampMs(accessExpiresAt) } : {};
  return { accessToken, refreshToken, ...until, ...(staff ? { staff } : {}) };
}

/**
 * When to renew: 60 s before the end, or a fifth of a short life. A token whose
 * end passed by this machine's clock is used until the server refuses it: the
 * clock may be wrong.
 */
function renewalTime(tokens: Tokens | undefined): number {
  if (!tokens?.refreshToken || tokens.accessExpiresAt === undefined) {
    return Number.POSITIVE_INFINITY;
  }
  const life = tokens.accessExpiresAt - Date.now();
  if (life <= 0) {
    return Number.POSITIVE_INFINITY;
  }
  return tokens.accessExpiresAt - Math.min(MARGIN_MS, life * MARGIN_SHARE);
}
