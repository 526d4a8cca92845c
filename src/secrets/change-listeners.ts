import type { SecretLog } from './secret-store.ts';

/** Who wants to know of new generations. A listener that throws harms neither the store nor the others. */
export class ChangeListeners {
  readonly #listeners = new Set<(path: string) => void>();
  readonly #log: SecretLog;

  constructor(log: SecretLog) {
    this.#log = log;
  }

  add(listener: (path: string) => void): () => void {
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const entry = (path: string): void => listener(path);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  announce(path: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(path);
      } catch {
        this.#log('secret.listener.failed', { path, reason: 'a listener for new secrets threw' });
      }
    }
  }
}
