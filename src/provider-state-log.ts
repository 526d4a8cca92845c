import type { Catalogue } from './catalogue/catalogue.ts';
import type { ProviderEntry, Snapshot } from './catalogue/snapshot.ts';
import type { EventLog } from './service-log.ts';

/**
 * Logs the state of each provider, at once and whenever it becomes another one, and each feed that begins
 * or ceases to fail; gives what stops that. A reason that changes within a state is in the catalogue alone.
 *
 * @param catalogue - open.
 */
export function logProviderStates(
  catalogue: Pick<Catalogue, 'onChange' | 'snapshot'>,
  log: EventLog,
): () => void {
  const states = new Map<string, string>();
  const failingFeeds = new Set<string>();

  const look = ({ providers }: Snapshot): void => {
    for (const provider of providers.values()) {
      noteState(provider);
      for (const feed of provider.feeds) noteFeed(provider.id, feed);
    }
  };

  const noteState = ({ id, status }: ProviderEntry): void => {
    if (states.get(id) === status.state) return;
    states.set(id, status.state);
    log('provider.state', { provider: id, state: status.state, ...because(status.reason) });
  };

  const noteFeed = (id: string, { name, state, error }: ProviderEntry['feeds'][number]): void => {
    const key = `${id} ${name}`;
    const isFailing = state === 'FAILING';
    if (failingFeeds.has(key) === isFailing) return;
    if (isFailing) failingFeeds.add(key);
    else failingFeeds.delete(key);
    log('feed.state', {
      provider: id,
      feed: name,
      state,
      ...because(isFailing ? error : undefined),
    });
  };

  look(catalogue.snapshot);
  return catalogue.onChange(({ snapshot }) => look(snapshot));
}

function because(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}
