import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { SharedCall } from '../../src/providers/shared-call.ts';

/** Work that a test finishes itself. */
function openWork() {
  const runs: { readonly signal: AbortSignal; readonly finish: (result: string) => void }[] = [];
  const shared = new SharedCall<string>(
    (signal) => new Promise((finish) => runs.push({ signal, finish })),
    (begun) => (begun ? 'left' : 'never began'),
  );
  return { shared, runs };
}

const never = new AbortController().signal;

describe('shared work', () => {
  it('runs once for all who ask while it runs', async () => {
    const { shared, runs } = openWork();
    const results = [shared.join(never), shared.join(never)];
    expect(runs).toHaveLength(1);
    runs[0]?.finish('done');
    expect(await Promise.all(results)).toEqual(['done', 'done']);
  });

  it('runs again for who asks afterwards', async () => {
    const { shared, runs } = openWork();
    const first = shared.join(never);
    runs[0]?.finish('one');
    await first;
    const second = shared.join(never);
    runs[1]?.finish('two');
    expect(await second).toBe('two');
  });

  it('goes on while one caller stays, and stops when the last one leaves', async () => {
    const { shared, runs } = openWork();
    const [one, two] = [new AbortController(), new AbortController()];
    const results = [shared.join(one.signal), shared.join(two.signal)];
    one.abort();
    expect(await results[0]).toBe('left');
    expect(runs[0]?.signal.aborted).toBe(false);
    two.abort();
    expect(await results[1]).toBe('left');
    expect(runs[0]?.signal.aborted).toBe(true);
  });

  it('begins anew for who asks after all have left', async () => {
    const { shared, runs } = openWork();
    const abort = new AbortController();
    const left = shared.join(abort.signal);
    abort.abort();
    await left;
    const next = shared.join(never);
    runs[1]?.finish('anew');
    runs[0]?.finish('late');
    expect(await next).toBe('anew');
  });

  it('does not begin for a signal that has aborted', async () => {
    const { shared, runs } = openWork();
    expect(await shared.join(AbortSignal.abort())).toBe('never began');
    expect(runs).toEqual([]);
  });

  it('passes a fault on to all, and leaves nothing on their signals', async () => {
    const shared = new SharedCall<string>(
      () => Promise.reject(new Error('fault')),
      () => 'left',
    );
    const { signal } = new AbortController();
    const results = await Promise.allSettled([shared.join(signal), shared.join(signal)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
