import { load } from './load.ts';
import type { LoadOptions, LoadResult } from './load.ts';
import { bodiesOf } from './marketplace.ts';
import type { Scenario } from './marketplace.ts';

/** What a process that makes load is asked for: everything by value, since it is told by message. */
export interface LoadOrder extends Omit<LoadOptions, 'body'> {
  readonly scenario: Scenario;
  readonly offeringIds: readonly string[];
  /** Requests are numbered from here; no number may come twice in a run. */
  readonly firstRound: number;
}

/** What it says when it is done. */
export type LoadReport =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly reason: string };

/**
 * A process that makes load and does nothing else, so that neither a server nor another measurement shares
 * its thread.
 */
process.on('message', ({ scenario, offeringIds, firstRound, ...options }: LoadOrder) => {
  const bodyOf = bodiesOf(scenario, offeringIds);
  let round = firstRound;
  load({ ...options, body: () => bodyOf((round += 1)) }).then(
    (result) => report({ ok: true, result }),
    (error: unknown) => report({ ok: false, reason: String(error) }),
  );
});

function report(message: LoadReport): void {
  process.send?.(message);
}
