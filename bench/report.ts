import { cpus } from 'node:os';

import type { Contender } from './contenders.ts';
import type { LoadResult } from './load.ts';

/** One turn of one contender. */
export interface Measured {
  readonly load: LoadResult;
  /** Of other requests meanwhile. */
  readonly others: LoadResult | undefined;
  /** What the server computed for one request, over all its threads. */
  readonly cpuMicroseconds: number;
}

/**
 * A Markdown table of medians over the turns. Rates fall when neighbours take the machine's time, the time
 * that a server computes for one request hardly does, so both are shown with their ratios.
 */
export function table(
  measured: ReadonlyMap<Contender, readonly Measured[]>,
  bare: Contender,
): string {
  const rate = (contender: Contender) =>
    median((measured.get(contender) ?? []).map(({ load }) => load.requestCount / load.seconds));
  const cpu = (contender: Contender) =>
    median((measured.get(contender) ?? []).map(({ cpuMicroseconds }) => cpuMicroseconds));
  const [service = bare] = measured.keys();
  const rows = [...measured].map(([contender, turns]) => {
    const others = turns.flatMap((turn) => (turn.others === undefined ? [] : [turn.others.p99]));
    const cells = [
      contender.name,
      Math.round(rate(contender)).toLocaleString('en'),
      median(turns.map(({ load }) => load.p50)).toFixed(2),
      median(turns.map(({ load }) => load.p99)).toFixed(2),
      (rate(contender) / rate(bare)).toFixed(2),
      (rate(service) / rate(contender)).toFixed(2),
      cpu(contender).toFixed(1),
      (cpu(bare) / cpu(contender)).toFixed(2),
      (cpu(contender) / cpu(service)).toFixed(2),
      others.length === 0 ? '–' : median(others).toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const heads = [
    'Server',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'rate, of bare',
    'rate, this service is ×',
    'CPU µs a request',
    'CPU, of bare',
    'CPU, this service is ×',
    'p99 of others, ms',
  ];
  return [`| ${heads.join(' | ')} |`, `| --- |${' ---: |'.repeat(heads.length - 1)}`, ...rows].join(
    '\n',
  );
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
