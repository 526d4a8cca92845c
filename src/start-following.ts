import { randomUUID } from 'node:crypto';

import type { Catalogue } from './catalogue/catalogue.ts';
import type { PollTurns } from './catalogue/poll-turns.ts';
import type { Clock } from './domain/clock.ts';
import type { Store } from './store/open-store.ts';

/** How often the catalogue looks for news that no notice told of, in milliseconds. */
const followIntervalMs = 1_000;

/** The turns of one process among those that share a store. */
export function pollTurnsOf({ pollSlots }: Pick<Store, 'pollSlots'>): PollTurns {
  const holder = randomUUID();
  return {
    claim: async (feed, slot, leaseMs) => pollSlots.claimSlot({ feed, slot, holder, leaseMs }),
    finish: async (feed, slot) => {
      await pollSlots.finishSlot({ feed, slot, holder });
    },
  };
}

/** Keeps a catalogue at what other processes store: on their notices, and by itself. Gives what stops it. */
export function startFollowing(
  catalogue: Pick<Catalogue, 'follow'>,
  store: Pick<Store, 'notices'>,
  clock: Pick<Clock, 'sleep'>,
): () => Promise<void> {
  const stopped = new AbortController();
  let wait = new AbortController();
  const stopListening = store.notices.listen((notice) => {
    if (notice === 'catalogue' || notice === '*') wait.abort();
  });
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      wait = new AbortController();
      // The catalogue itself says that storage is away.
      await catalogue.follow().catch(() => undefined);
      await clock
        .sleep(followIntervalMs, AbortSignal.any([wait.signal, stopped.signal]))
        .catch(() => undefined);
    }
  })();
  return async () => {
    stopListening();
    stopped.abort();
    await loop;
  };
}
