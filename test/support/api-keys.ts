import type { ApiKey, ApiKeySource } from '../../src/providers/provider.ts';

/** A key as a secret store would hand it out. */
function apiKey(secret: string, generation = 'test-1'): ApiKey {
  return { generation, reveal: () => secret };
}

/** A source of keys whose state a test sets, and that counts what it is asked. */
export class TestKeys implements ApiKeySource {
  #current: ApiKey | undefined;
  #newer: ApiKey | undefined;
  #reason = 'no key is configured';
  /** How often {@link newerThan} was asked. */
  refusals = 0;

  constructor(secret?: string) {
    if (secret !== undefined) this.#current = apiKey(secret);
  }

  /** From now on there is no key. */
  takeAway(reason: string): void {
    this.#current = undefined;
    this.#reason = reason;
  }

  /** The key that is found when the present one is refused; it is in force from then on. */
  rotateOnRefusal(secret: string): void {
    this.#newer = apiKey(secret, 'test-2');
  }

  current(): ReturnType<ApiKeySource['current']> {
    return Promise.resolve(
      this.#current === undefined
        ? { ok: false, reason: this.#reason }
        : { ok: true, key: this.#current },
    );
  }

  newerThan(refused: ApiKey): Promise<ApiKey | undefined> {
    this.refusals += 1;
    if (this.#newer === undefined || this.#newer.generation === refused.generation) {
      return Promise.resolve(undefined);
    }
    this.#current = this.#newer;
    return Promise.resolve(this.#newer);
  }
}
