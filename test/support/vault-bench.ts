import { systemClock, type Clock } from '../../src/domain/clock.ts';
import type { SecretResult } from '../../src/secrets/secret-store.ts';
import type { VaultAuth, VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultSecretStore } from '../../src/secrets/vault.ts';
import { ManualClock } from './manual-clock.ts';
import { LoopbackVault, type LoopbackVaultOptions } from './vault-server.ts';

export interface LoggedEvent {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The path that the tests read, and a value that is easy to search for. */
export const groqPath = 'groq/api_key';
export const markedKey = 'gsk_MARKED-KEY-1';

/** A loopback Vault with one secret in it, and stores that read it, all on one clock. */
export class VaultBench {
  readonly vault: LoopbackVault;
  readonly clock: ManualClock;
  readonly events: LoggedEvent[] = [];
  /** When set, every call of the log throws. */
  isLogBroken = false;
  readonly #stores: VaultSecretStore[] = [];

  private constructor(vault: LoopbackVault, clock: ManualClock) {
    this.vault = vault;
    this.clock = clock;
  }

  static async open(options: Omit<LoopbackVaultOptions, 'clock'> = {}): Promise<VaultBench> {
    const clock = new ManualClock();
    const vault = await LoopbackVault.start({ ...options, clock });
    vault.kv.put(groqPath, { value: markedKey });
    return new VaultBench(vault, clock);
  }

  /** AppRole with the server's own role and secret id. */
  get approle(): VaultAuth {
    const { auth } = this.vault;
    return {
      kind: 'approle',
      mount: 'approle',
      roleId: { kind: 'value', read: () => auth.roleId },
      secretId: { kind: 'value', read: () => auth.secretId },
    };
  }

  /** A token that is handed to the service; `ttl` in seconds. */
  token(ttl = 3600, parts: { readonly renewable?: boolean } = {}): VaultAuth {
    const token = this.vault.auth.issue({ ttl, ...parts });
    return { kind: 'token', token: { kind: 'value', read: () => token } };
  }

  /** A store that is stopped with the bench. Time is the bench's unless another clock is given. */
  store(overrides: Partial<VaultOptions> = {}, clock: Clock = this.clock): VaultSecretStore {
    const options: VaultOptions = {
      address: this.vault.address,
      auth: this.approle,
      kvMount: 'secret',
      pollSeconds: 30,
      timeoutMs: 2_000,
      maxBodyBytes: 100_000,
      ...overrides,
    };
    const log = (event: string, fields: Record<string, unknown>): void => {
      this.events.push({ event, fields });
      if (this.isLogBroken) throw new Error('no space left on the log');
    };
    const store = new VaultSecretStore(options, { clock, log });
    this.#stores.push(store);
    return store;
  }

  /**
   * Lets time pass as it would: after each wake-up, what it set off is over, and its next wait has begun,
   * before time goes on.
   */
  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (;;) {
      const [next] = this.clock.pendingMs;
      if (next === undefined || this.clock.now() + next > until) break;
      const waiting = this.clock.pendingMs.length;
      await this.clock.advance(next);
      const giveUpAt = performance.now() + 15_000;
      while (this.clock.pendingMs.length < waiting) {
        if (performance.now() > giveUpAt) throw new Error('no wait began after a wake-up');
        await systemClock.sleep(1);
      }
    }
    await this.clock.advance(until - this.clock.now());
  }

  /** How often an event was logged. */
  count(event: string): number {
    return this.events.filter((entry) => entry.event === event).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.vault.weather = undefined;
    await Promise.all(this.#stores.map((store) => store.stop()));
    await this.vault.stop();
  }
}

/** The revealed value, or the code and reason, for one plain comparison. */
export function shown(result: SecretResult): string {
  return result.ok ? result.secret.reveal() : `${result.code}: ${result.reason}`;
}
