import { ChangeListeners } from './change-listeners.ts';
import { digest } from './digest.ts';
import {
  Secret,
  type SecretLog,
  type SecretResult,
  type SecretStore,
  type SecretStoreStatus,
} from './secret-store.ts';

/** A variable of the environment that holds a secret; its value is handed over only when it is used. */
export interface SecretVariable {
  readonly name: string;
  readonly read: () => string | undefined;
}

export interface EnvironmentSecretStoreOptions {
  /** For each path the variable that gives it. */
  readonly secrets: ReadonlyMap<string, SecretVariable>;
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
    const variable = this.#options.secrets.get(path);
    const value = variable?.read()?.trim();
    if (value === undefined || value === '') {
      if (this.#seen.delete(path)) this.#listeners.announce(path);
      return {
        ok: false,
        code: 'UNCONFIGURED',
        reason:
          variable === undefined
            ? `VAULT_ADDR is not set, and no environment variable stands for the secret ${path}`
            : `neither VAULT_ADDR nor ${variable.name} is set for the secret ${path}`,
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
    const missing = [...this.#options.secrets.values()]
      .filter(({ read }) => (read() ?? '').trim() === '')
      .map(({ name }) => name);
    if (missing.length === 0) return { backend: 'environment', state: 'OK' };
    return {
      backend: 'environment',
      state: missing.length === this.#options.secrets.size ? 'FAILED' : 'DEGRADED',
      reason: `neither VAULT_ADDR nor ${missing.join(', ')} is set`,
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
