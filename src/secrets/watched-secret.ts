import type { Clock } from '../domain/clock.ts';
import { digest } from './digest.ts';
import { Secret, type SecretResult } from './secret-store.ts';
import type { KvFailure, KvValue, VaultKv } from './vault-kv.ts';

export interface WatchedSecretOptions {
  readonly path: string;
  readonly kv: VaultKv;
  readonly clock: Clock;
  /** Milliseconds for which a value is held while Vault can't confirm it. */
  readonly maximumStaleMs: number;
  /** Called when a value appears or its generation changes. */
  readonly changed: (generation: string) => void;
  /** Called when a value that was held is given up. */
  readonly lost: (failure: KvFailure) => void;
}

/** After a failure, readings in a row share its result for this long rather than ask Vault each time. */
const failureRestMs = 1_000;
/** A refresh that found nothing newer answers for this long, so that a key refused for good makes no flood. */
const refreshRestMs = 1_000;

/** One secret: the value in force, whether Vault confirmed it lately, and one reading at a time. */
export class WatchedSecret {
  readonly #options: WatchedSecretOptions;
  #secret: Secret | undefined;
  #mark: string | undefined;
  #failure: KvFailure | undefined;
  /** All times are of the monotonic clock. */
  #confirmedAt = 0;
  #restUntil = 0;
  #refreshRestUntil = 0;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();
  #loading: Promise<SecretResult> | undefined;
  #refreshing: Promise<SecretResult> | undefined;

  constructor(options: WatchedSecretOptions) {
    this.#options = options;
  }

  /** The value held, else what Vault says now. */
  async read(): Promise<SecretResult> {
    const held = this.#held();
    if (held !== undefined) return held;
    if (this.#failure !== undefined && this.#now() < this.#restUntil) return this.#result();
    this.#loading ??= this.#inTurn(async () => {
      if (this.#held() === undefined) await this.#load();
      return this.#result();
    }).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Reads anew, whatever is held. */
  async refresh(): Promise<SecretResult> {
    if (this.#now() < this.#refreshRestUntil) return this.#result();
    this.#refreshing ??= this.#inTurn(async () => {
      const before = this.#secret?.generation;
      await this.#load();
      if (this.#secret?.generation === before) {
        this.#refreshRestUntil = this.#now() + refreshRestMs;
      }
      return this.#result();
    }).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Looks whether another version is in force, and reads it if so. */
  async check(): Promise<void> {
    // Set by Vault's own wish to be left alone, or by a reading of a moment ago.
    if (this.#failure !== undefined && this.#now() < this.#restUntil) return;
    await this.#inTurn(async () => {
      if (this.#failure === undefined && this.#mark !== undefined) {
        const look = await this.#options.kv.look(this.#options.path);
        if (look.ok && look.mark === this.#mark) {
          this.#confirmedAt = this.#now();
          return;
        }
      }
      await this.#load();
    });
  }

  /** What failed last; undefined when all is well. A value may be held all the same. */
  get failure(): KvFailure | undefined {
    return this.#failure;
  }

  /** Whether there is a value to give. */
  get isHeld(): boolean {
    return this.#held() !== undefined;
  }

  /** Drops the value and takes no other. */
  close(): void {
    this.#isClosed = true;
    this.#forget();
  }

  async #load(): Promise<void> {
    const { kv, path } = this.#options;
    const reading = await kv.read(path);
    if (this.#isClosed) return;
    if (reading.ok) {
      this.#accept(reading);
      return;
    }
    const { failure } = reading;
    this.#failure = failure;
    this.#restUntil = this.#now() + (failure.retryAfterMs ?? failureRestMs);
    if (failure.isDecision && this.#secret !== undefined) {
      this.#forget();
      this.#options.lost(failure);
    }
  }

  #accept(reading: KvValue): void {
    const { clock, changed } = this.#options;
    this.#failure = undefined;
    this.#confirmedAt = this.#now();
    this.#mark = reading.mark;
    const name = reading.version === undefined ? 'kv1' : `v${reading.version}`;
    const generation = `${name}.${digest(reading.value)}`;
    if (this.#secret?.generation === generation) return;
    this.#secret = new Secret(reading.value, generation, clock.now());
    changed(generation);
  }

  /** The value while it may be used: confirmed lately, or kept through weather that has not lasted too long. */
  #held(): SecretResult | undefined {
    if (this.#secret === undefined) return undefined;
    if (this.#now() - this.#confirmedAt > this.#options.maximumStaleMs) {
      this.#forget();
      if (this.#failure !== undefined) this.#options.lost(this.#failure);
      return undefined;
    }
    return { ok: true, secret: this.#secret };
  }

  #result(): SecretResult {
    const held = this.#held();
    if (held !== undefined) return held;
    if (this.#failure === undefined) {
      return { ok: false, code: 'UNREACHABLE', reason: 'the secret store is stopped' };
    }
    const { code, reason } = this.#failure;
    return { ok: false, code, reason };
  }

  /** One reading after the other, so that an older answer can't overtake a newer one. */
  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #forget(): void {
    this.#secret = undefined;
    this.#mark = undefined;
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
