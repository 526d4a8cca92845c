import { inspect } from 'node:util';

/**
 * One generation of a secret. The value sits in a private field, so that no JSON, inspection, template
 * or error text shows it by accident: whoever needs it calls {@link reveal} where it is used.
 */
export class Secret {
  readonly #value: string;
  /** Opaque public name of this generation, e.g. `v3.9f2c01ab77de`; equal names mean an equal value. Safe to log. */
  readonly generation: string;
  /** Milliseconds since the epoch at which this generation was read. */
  readonly fetchedAt: number;

  constructor(value: string, generation: string, fetchedAt: number) {
    this.#value = value;
    this.generation = generation;
    this.fetchedAt = fetchedAt;
  }

  /** The value itself. Call it where a header is written or a key is set up; keep the result nowhere. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `Secret(${this.generation})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Why there is no value.
 *
 * - `UNCONFIGURED`: nothing says where the secret is, or a credential for the store is missing.
 * - `UNREACHABLE`: the store gave no usable answer and no value is held.
 * - `DENIED`: the store refuses the login or the path.
 * - `NOT_FOUND`: there is no such secret, or its version is deleted or destroyed.
 * - `INVALID`: the path is malformed, or what is stored there has no usable value.
 */
export type SecretFailureCode = 'UNCONFIGURED' | 'UNREACHABLE' | 'DENIED' | 'NOT_FOUND' | 'INVALID';

/** What a reading gave. `reason` is for operators and holds no credential and no text of a server. */
export type SecretResult =
  | { readonly ok: true; readonly secret: Secret }
  | { readonly ok: false; readonly code: SecretFailureCode; readonly reason: string };

/**
 * How the store is.
 *
 * - `OK`: every secret that was asked for is held and was confirmed lately.
 * - `DEGRADED`: something is held or works, something does not; `reason` says what.
 * - `FAILED`: no secret can be given.
 */
export interface SecretStoreStatus {
  readonly backend: 'vault' | 'environment';
  readonly state: 'OK' | 'DEGRADED' | 'FAILED';
  readonly reason?: string;
}

/** Receives what happened, for logs. Fields hold no secret; a `reason` among them means trouble. */
export type SecretLog = (event: string, fields: Record<string, unknown>) => void;

/** The one place that holds secrets. Nothing else keeps a value longer than the call that needs it. */
export interface SecretStore {
  /** Begins watching. Never throws, and waits a second at most for the store behind it. */
  start(): Promise<void>;

  /**
   * The present value at a path such as `groq/api_key`. A held value is given at once; the path is
   * watched from the first call on. Only weather (no answer, 5xx) leaves an older value in force, for a
   * bounded time; a decision (absent, deleted, destroyed, forbidden) ends it.
   */
  read(path: string): Promise<SecretResult>;

  /**
   * Reads anew now, for use after a provider refused the key. Calls at the same time share one reading.
   * Compare `generation` with the refused one: an equal name means that there is no newer key.
   */
  refresh(path: string): Promise<SecretResult>;

  status(): SecretStoreStatus;

  /**
   * Calls back with the path whenever a value appears, its generation changes, or it is given up.
   *
   * @returns a function that ends the subscription.
   */
  onChange(listener: (path: string) => void): () => void;

  /** Ends all timers, forgets every value, and gives back what it logged in for, in bounded time. */
  stop(): Promise<void>;
}
