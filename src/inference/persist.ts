import type { Clock } from '../domain/clock.ts';
import { FactRefused } from './facts.ts';

/** How long is waited between two tries, and how many there are: ten minutes. */
const retryMs = 1000;
const maximumTries = 600;

/**
 * Writes what must not be lost: a ledger that is away for a while is waited for. A fact that does not
 * follow is refused for good and is not tried again.
 *
 * @throws what the last try threw.
 */
export async function persisted<Result>(
  clock: Clock,
  write: () => Promise<Result>,
  onFirstFailure: (error: unknown) => void,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof FactRefused || tries >= maximumTries) throw error;
      if (tries === 1) onFirstFailure(error);
      await clock.sleep(retryMs);
    }
  }
}
