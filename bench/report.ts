import { cpus } from 'node:os';

import type { Contender } from './contenders.ts';
import type { LoadResult } from './load.ts';

export interface Rounds {
  readonly load: readonly LoadResult[];
  /** Of other requests meanwhile. */
  readonly others: readonly LoadResult[];
}

/** A Markdown table: medians over the rounds, and each contender's share of the bare server. */
export function table(
  results: ReadonlyMap<Contender, Rounds>,
  contenders: readonly Contender[],
  bare: Contender,
): string {
  const rate = (contender: Contender) =>
    median((results.get(contender)?.load ?? []).map(({ requestsPerSecond }) => requestsPerSecond));
  const [service] = contenders;
  const rows = contenders.map((contender) => {
    const { load = [], others = [] } = results.get(contender) ?? {};
    const cells = [
      contender.name,
      Math.round(rate(contender)).toLocaleString('en'),
      median(load.map(({ p50 }) => p50)).toFixed(2),
      median(load.map(({ p99 }) => p99)).toFixed(2),
      (rate(contender) / rate(bare)).toFixed(2),
      service === undefined ? '' : (rate(service) / rate(contender)).toFixed(2),
      others.length === 0 ? '–' : median(others.map(({ p99 }) => p99)).toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| Server | requests/s | p50 ms | p99 ms | of bare | this service is × | p99 of others, ms |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

export function machine(): string {
  const [first] = cpus();
  return `Node ${process.versions.node}, ${cpus().length} × ${first?.model ?? 'unknown'}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
