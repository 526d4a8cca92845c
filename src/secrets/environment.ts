import { ChangeListeners } from './change-listeners.ts';
import { digest } from './digest.ts';
import {
  Secret,
  type SecretLog,
  type SecretResult,
  type SecretStore,
  type SecretStoreStatus,
} from './secret-store.ts';

export interface EnvironmentSecretStoreOptions {
  /** For each path a function that gives its value, so that the value itself is handed over only when used. */
  readonly secrets: ReadonlyMap<string, () => string | undefined>;
  readonly log: SecretLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Secrets of the process environment: for development, where no Vault is set up. */
export class EnvironmentSecretStore implements SecretStore {
  readonly #options: EnvironmentSecretStoreOptions;
  readonly #listeners: ChangeListeners;
  readonly #seen = new Map<string, Secret>();
  #stopped = false;

  constructor(options: EnvironmentSecretStoreOptions) {
    this.#options = options;
    this.#listeners = new ChangeListeners(options.log);
  }

  async start(): Promise<void> {}

  async read(path: string): Promise<SecretResult> {
    if (this.#stopped) {
      return { ok: false, code: 'UNREACHABLE', reason: 'the secret store is stopped' };
    }
    const value = this.#options.secrets.get(path)?.()?.trim();
    if (value === undefined || value === '') {
      if (this.#seen.delete(path)) this.#listeners.announce(path);
      return {
        ok: false,
        code: 'UNCONFIGURED',
        reason: `neither a Vault address nor an environment variable gives the secret ${path}`,
      };
    }
    const held = this.#seen.get(path);
    if (held?.reveal() === value) return { ok: true, secret: held };
    const generation = `env.${digest(value)}`;
    const secret = new Secret(value, generation, this.#options.now());
    this.#seen.set(path, secret);
    this.#options.log('secret.changed', { path, generation });
    this.#listeners.announce(path);
    return { ok: true, secret };
  }

  /** The environment is read at each call anyway. */
  refresh(path: string): Promise<SecretResult> {
    return this.read(path);
  }

  status(): SecretStoreStatus {
    const missing = [...this.#options.secrets]
      .filter(([, read]) => (read() ?? '').trim() === '')
      .map(([path]) => path);
    if (missing.length === 0) return { backend: 'environment', state: 'OK' };
    return {
      backend: 'environment',
      state: missing.length === this.#options.secrets.size ? 'FAILED' : 'DEGRADED',
      reason: `no environment variable gives ${missing.join(', ')}`,
    };
  }

  onChange(listener: (path: string) => void): () => void {
    return this.#listeners.add(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#seen.clear();
  }
}
