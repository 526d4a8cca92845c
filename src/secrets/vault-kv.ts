import type { SecretFailureCode } from './secret-store.ts';
import { isRecord, type Absence, type VaultAnswer, type VaultFailure } from './vault-failure.ts';

export interface VaultKvOptions {
  readonly mount: string;
  /** Absent: Vault is asked. */
  readonly version?: 1 | 2;
  /** Absent: `value`, else `api_key`. */
  readonly field?: string;
  /** Reads an API path; with `probe`, a 403 is given as it comes, without a login. */
  readonly read: (apiPath: string, options?: { readonly probe?: boolean }) => Promise<VaultAnswer>;
  /** Milliseconds since the epoch, for deletion times that lie ahead. */
  readonly now: () => number;
}

/** Why there is no value. A decision ends the value held so far; anything else leaves it in force. */
export interface KvFailure {
  readonly code: SecretFailureCode;
  readonly reason: string;
  readonly isDecision: boolean;
  /** Milliseconds that Vault asked us to wait. */
  readonly retryAfterMs?: number;
}

/** A value with the state of the version it was read from. */
export interface KvValue {
  readonly value: string;
  /** KV v2 only. */
  readonly version?: number;
  /** Changes whenever another version is in force or this one is deleted; absent in KV v1. */
  readonly mark?: string;
}

export type KvReading =
  ({ readonly ok: true } & KvValue) | { readonly ok: false; readonly failure: KvFailure };

/** What the cheap look at a secret says: its state, or that only a reading can tell. */
export type KvLook = { readonly ok: true; readonly mark: string } | { readonly ok: false };

/** One KV secrets engine, of version 1 or 2. */
export class VaultKv {
  readonly #options: VaultKvOptions;
  #detection: Promise<Detection> | undefined;

  constructor(options: VaultKvOptions) {
    this.#options = options;
  }

  /** Reads the value at a path. */
  async read(path: string): Promise<KvReading> {
    const detected = await this.#version();
    if (!detected.ok) return detected;
    const reading = await this.#readAs(detected.version, path);
    const mayHaveChanged = !reading.ok && reading.failure.code === 'NOT_FOUND';
    if (!mayHaveChanged || this.#options.version !== undefined) return reading;

    // The engine may have been upgraded or mounted anew as the other version since it was asked.
    this.#detection = undefined;
    const again = await this.#version();
    if (!again.ok || again.version === detected.version) return reading;
    return this.#readAs(again.version, path);
  }

  /**
   * Looks at the version in force without moving the value over the wire. Says nothing (`ok: false`) for
   * KV v1, without the right to read metadata, and whenever the value has to be read to know more.
   */
  async look(path: string): Promise<KvLook> {
    const detected = await this.#version();
    if (!detected.ok || detected.version !== 2) return { ok: false };
    const apiPath = `${this.#options.mount}/metadata/${encoded(path)}`;
    const answer = await this.#options.read(apiPath, { probe: true });
    if (!answer.ok) return { ok: false };
    const data = fieldsOf(answer.body, 'data');
    const current = data['current_version'];
    const versions = fieldsOf(data, 'versions');
    const state = versions[String(current)];
    if (typeof current !== 'number' || !isRecord(state)) return { ok: false };
    return { ok: true, mark: this.#markOf(current, state) };
  }

  async #readAs(version: 1 | 2, path: string): Promise<KvReading> {
    const { mount, read } = this.#options;
    const apiPath = version === 2 ? `${mount}/data/${encoded(path)}` : `${mount}/${encoded(path)}`;
    const answer = await read(apiPath);
    if (!answer.ok) return { ok: false, failure: kvFailure(answer.failure, path) };
    const data = fieldsOf(answer.body, 'data');
    if (version === 1) return this.#valueOf(data, path);
    const metadata = fieldsOf(data, 'metadata');
    const number = metadata['version'];
    const reading = this.#valueOf(fieldsOf(data, 'data'), path);
    if (!reading.ok || typeof number !== 'number') return reading;
    return { ...reading, version: number, mark: this.#markOf(number, metadata) };
  }

  /** The first of the configured fields that the stored map has. */
  #valueOf(map: Readonly<Record<string, unknown>>, path: string): KvReading {
    const { field } = this.#options;
    const names = field === undefined ? ['value', 'api_key'] : [field];
    const name = names.find((candidate) => Object.hasOwn(map, candidate));
    if (name === undefined) return invalid(`${path} has no field ${names.join(' or ')}`);
    const value = map[name];
    if (typeof value !== 'string') return invalid(`the field ${name} of ${path} is not text`);
    const trimmed = value.trim();
    if (trimmed === '') return invalid(`the field ${name} of ${path} is empty`);
    return { ok: true, value: trimmed };
  }

  /**
   * Names the state of a version. The version number alone would not do: it starts at 1 again when all
   * metadata is deleted, and deleting or undeleting leaves it as it is. A deletion time may lie ahead.
   */
  #markOf(version: number, state: Readonly<Record<string, unknown>>): string {
    const deletion = state['deletion_time'];
    const deletionTime = typeof deletion === 'string' ? deletion : '';
    const isDeleted = Date.parse(deletionTime) <= this.#options.now();
    return JSON.stringify([
      version,
      state['created_time'],
      deletionTime,
      isDeleted,
      state['destroyed'],
    ]);
  }

  async #version(): Promise<Detection> {
    const { version } = this.#options;
    if (version !== undefined) return { ok: true, version };
    this.#detection ??= this.#detect();
    const detection = this.#detection;
    const detected = await detection;
    if (!detected.ok && this.#detection === detection) this.#detection = undefined;
    return detected;
  }

  /** Asks which engine is mounted; the shape of a secret would not tell, since a v1 secret may hold a `data`. */
  async #detect(): Promise<Detection> {
    const { mount, read } = this.#options;
    const answer = await read(`sys/internal/ui/mounts/${mount}`);
    if (!answer.ok) {
      const { failure } = answer;
      // A server too old to know the route is too old for version 2 as well.
      if (failure.kind === 'ABSENT') return { ok: true, version: 1 };
      if (failure.kind !== 'FORBIDDEN') return { ok: false, failure: kvFailure(failure, mount) };
      const reason = `Vault shows no engine at ${mount}: no policy of ours names it, or nothing is mounted there`;
      return { ok: false, failure: { code: 'DENIED', reason, isDecision: true } };
    }
    const data = fieldsOf(answer.body, 'data');
    const { path, type } = data;
    if (type !== undefined && type !== 'kv' && type !== 'generic') {
      return invalid(`the engine at ${mount} is not a KV engine`);
    }
    if (typeof path === 'string' && path.replace(/\/$/, '') !== mount) {
      return invalid(`no engine is mounted at ${mount}; the mount there is ${path}`);
    }
    return { ok: true, version: fieldsOf(data, 'options')['version'] === '2' ? 2 : 1 };
  }
}

type Detection =
  | { readonly ok: true; readonly version: 1 | 2 }
  | { readonly ok: false; readonly failure: KvFailure };

function kvFailure(failure: VaultFailure, what: string): KvFailure {
  const retry = failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs };
  const withCode = (code: SecretFailureCode, isDecision: boolean): KvFailure => ({
    code,
    reason: isDecision ? `${what}: ${failure.reason}` : failure.reason,
    isDecision,
    ...retry,
  });
  switch (failure.kind) {
    case 'UNREACHABLE':
      return withCode('UNREACHABLE', false);
    case 'UNCONFIGURED':
      return withCode('UNCONFIGURED', false);
    // Credentials that ended say nothing about the secret itself.
    case 'LOGIN_REFUSED':
      return withCode('DENIED', false);
    case 'FORBIDDEN':
      return withCode('DENIED', true);
    case 'ABSENT':
      return withCode('NOT_FOUND', failure.absence === undefined || isWithdrawal[failure.absence]);
    case 'REJECTED':
      return withCode('INVALID', false);
  }
}

/** Whether a kind of absence means that somebody took the secret away. */
const isWithdrawal: Readonly<Record<Absence, boolean>> = {
  NOTHING: true,
  DELETED: true,
  DESTROYED: true,
  NO_MOUNT: true,
  NO_NAMESPACE: true,
  WRONG_KV_VERSION: false,
};

/** A version without a usable value is a slip of whoever wrote it: the one before stays in force. */
function invalid(reason: string): { readonly ok: false; readonly failure: KvFailure } {
  return { ok: false, failure: { code: 'INVALID', reason, isDecision: false } };
}

function fieldsOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const inner = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isRecord(inner) ? inner : {};
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
