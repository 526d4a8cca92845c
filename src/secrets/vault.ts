import { within } from '../domain/clock.ts';
import type { Clock } from '../domain/clock.ts';
import { ChangeListeners } from './change-listeners.ts';
import { pause } from './pause.ts';
import type { SecretLog, SecretResult, SecretStore, SecretStoreStatus } from './secret-store.ts';
import { VaultClient } from './vault-client.ts';
import { VaultKv } from './vault-kv.ts';
import { secretPathFault, vaultOptionFaults, type VaultOptions } from './vault-options.ts';
import { VaultSessions } from './vault-session.ts';
import { VaultTransport } from './vault-transport.ts';
import { WatchedSecret } from './watched-secret.ts';

export interface VaultSecretStoreDependencies {
  readonly clock: Clock;
  readonly log: SecretLog;
}

const defaultMaximumStaleSeconds = 24 * 3600;
const startWaitMs = 1_000;
const stopWaitMs = 2_000;
const firstRetryMs = 1_000;
const maximumWatched = 256;

/**
 * Secrets of a KV engine in Vault or OpenBao. Every path that was read once is watched: the store looks
 * for another version within `pollSeconds`, sooner after a failure, and whenever it is told to.
 */
export class VaultSecretStore implements SecretStore {
  readonly #options: VaultOptions;
  readonly #clock: Clock;
  readonly #log: SecretLog;
  readonly #listeners: ChangeListeners;
  readonly #transport: VaultTransport;
  readonly #sessions: VaultSessions;
  readonly #kv: VaultKv;
  readonly #watched = new Map<string, WatchedSecret>();
  readonly #stopped = new AbortController();
  #polling: Promise<void> | undefined;
  #failedRounds = 0;
  #loggedState = '';

  /** @throws TypeError that names every fault of the options. */
  constructor(options: VaultOptions, { clock, log }: VaultSecretStoreDependencies) {
    const faults = vaultOptionFaults(options);
    if (faults.length > 0) throw new TypeError(faults.join('; '));
    this.#options = options;
    this.#clock = clock;
    this.#log = (event, fields) => {
      try {
        log(event, fields);
      } catch {
        // A log that fails must not end the watch over the token.
      }
    };
    this.#listeners = new ChangeListeners(this.#log);
    const transport = new VaultTransport(options);
    this.#transport = transport;
    this.#sessions = new VaultSessions({
      auth: options.auth,
      connect: (token) => new VaultClient(options, (call) => transport.exchange(call), token),
      clock,
      log: this.#log,
    });
    this.#kv = new VaultKv({
      mount: options.kvMount,
      ...(options.kvVersion === undefined ? {} : { version: options.kvVersion }),
      ...(options.secretField === undefined ? {} : { field: options.secretField }),
      read: (apiPath, how) => this.#sessions.read(apiPath, how),
      now: () => clock.now(),
    });
  }

  async start(): Promise<void> {
    if (this.#polling !== undefined || this.#stopped.signal.aborted) return;
    const firstLogin = this.#sessions.ensure();
    this.#polling = this.#poll(firstLogin);
    await within(startWaitMs, this.#clock, firstLogin);
  }

  async read(path: string): Promise<SecretResult> {
    const watched = this.#watch(path);
    if (!(watched instanceof WatchedSecret)) return watched;
    const result = await watched.read();
    this.#logState();
    return result;
  }

  async refresh(path: string): Promise<SecretResult> {
    const watched = this.#watch(path);
    if (!(watched instanceof WatchedSecret)) return watched;
    const result = await watched.refresh();
    this.#logState();
    return result;
  }

  status(): SecretStoreStatus {
    const backend = 'vault';
    const watched = [...this.#watched.values()];
    const login = this.#sessions.trouble();
    const reason =
      login?.failure?.reason ??
      watched.find((secret) => !secret.isHeld && secret.failure !== undefined)?.failure?.reason ??
      watched.find((secret) => secret.failure !== undefined)?.failure?.reason ??
      login?.warning;
    if (reason === undefined) return { backend, state: 'OK' };
    const isAsked = watched.length > 0 || login?.failure !== undefined;
    const isFailed = isAsked && !watched.some((secret) => secret.isHeld);
    return { backend, state: isFailed ? 'FAILED' : 'DEGRADED', reason };
  }

  onChange(listener: (path: string) => void): () => void {
    return this.#listeners.add(listener);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const watched of this.#watched.values()) watched.close();
    this.#watched.clear();
    await within(stopWaitMs, this.#clock, this.#sessions.stop());
    await this.#transport.stop();
    await this.#polling;
  }

  /** The watched secret at a path, or why it can't be watched. */
  #watch(path: string): WatchedSecret | (SecretResult & { readonly ok: false }) {
    const known = this.#watched.get(path);
    if (known !== undefined) return known;
    if (this.#stopped.signal.aborted) {
      return { ok: false, code: 'UNREACHABLE', reason: 'the secret store is stopped' };
    }
    const fault =
      secretPathFault(path) ??
      (this.#watched.size >= maximumWatched ? 'too many secrets are watched' : undefined);
    if (fault !== undefined) return { ok: false, code: 'INVALID', reason: fault };
    const watched = new WatchedSecret({
      path,
      kv: this.#kv,
      clock: this.#clock,
      maximumStaleMs: (this.#options.maximumStaleSeconds ?? defaultMaximumStaleSeconds) * 1000,
      changed: (generation) => {
        this.#log('secret.changed', { path, generation });
        this.#listeners.announce(path);
      },
      lost: ({ code, reason }) => {
        this.#log('secret.lost', { path, code, reason });
        this.#listeners.announce(path);
      },
    });
    this.#watched.set(path, watched);
    return watched;
  }

  /** Rounds never overlap; the pause is counted from the end of one to the start of the next. */
  async #poll(firstLogin: Promise<void>): Promise<void> {
    await firstLogin;
    this.#logState();
    while (await pause(this.#clock, this.#pauseMs(), this.#stopped.signal)) {
      await this.#sessions.ensure();
      await Promise.all([...this.#watched.values()].map((watched) => watched.check()));
      this.#logState();
    }
  }

  /** A little less than the poll interval, by chance; after a failed round one second, doubled each time. */
  #pauseMs(): number {
    const pollMs = this.#options.pollSeconds * 1000 * (0.8 + Math.random() * 0.15);
    if (this.status().state === 'OK') {
      this.#failedRounds = 0;
      return pollMs;
    }
    const retryMs = firstRetryMs * 2 ** this.#failedRounds * (0.75 + Math.random() / 4);
    this.#failedRounds = Math.min(this.#failedRounds + 1, 20);
    return Math.min(pollMs, retryMs);
  }

  #logState(): void {
    if (this.#stopped.signal.aborted) return;
    const { state, reason } = this.status();
    const seen = `${state} ${reason ?? ''}`;
    if (seen === this.#loggedState) return;
    this.#loggedState = seen;
    this.#log('secrets.state', { state, ...(reason === undefined ? {} : { reason }) });
  }
}
