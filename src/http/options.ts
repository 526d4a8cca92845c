import { defaultDocumentLimits } from '../graphql/document-limits.ts';
import type { DocumentLimits } from '../graphql/document-limits.ts';
import type { DrainOptions } from './drain.ts';
import type { ExplorerOptions } from './explorer.ts';

export interface HttpOptions extends DrainOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Whether `__schema` and `__type` are answered at all. */
  readonly introspection: boolean;
  /** Absent: no explorer, and browsers get what programs get. */
  readonly explorer?: ExplorerOptions;
  readonly limits: DocumentLimits;
  /** Bound on a request's body, as sent and inflated. */
  readonly maxBodyBytes: number;
  /** Bound on a request's line and headers together, which bounds the query of a GET. */
  readonly maxHeaderBytes: number;
  /** Further connections are dropped. */
  readonly maxConnections: number;
  /** How long an idle connection is kept: longer than proxies keep theirs, or they meet resets. */
  readonly keepAliveTimeoutMs: number;
  /** How long the headers of a request may take to arrive. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take to arrive; at least `headersTimeoutMs`. */
  readonly requestTimeoutMs: number;
  /** How long a connection may move no byte while a request is answered. */
  readonly socketIdleTimeoutMs: number;
  /** Origins whose pages may read answers, e.g. `https://market.example`; none by default. */
  readonly allowedOrigins: readonly string[];
  /**
   * Host names, in lower case and without ports, under which requests are accepted; absent: any. Without
   * authentication on loopback it has to name the loopback hosts, or a web page can reach the service by
   * pointing a name of its own at 127.0.0.1.
   */
  readonly allowedHosts?: readonly string[];
}

export const defaultHttpOptions: HttpOptions = {
  host: '127.0.0.1',
  port: 4000,
  introspection: false,
  limits: defaultDocumentLimits,
  maxBodyBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 10_000,
  keepAliveTimeoutMs: 75_000,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  socketIdleTimeoutMs: 120_000,
  drainDelayMs: 0,
  idleLingerMs: 500,
  drainGraceMs: 30_000,
  allowedOrigins: [],
};
