import type { MeasuredPercentiles, MeasuredPerformance } from '../catalogue/snapshot.ts';
import type { AttemptReport } from '../domain/inference.ts';
import type { SpeedSample } from './ledger-store.ts';

/** Samples are kept for a day. */
export const speedWindowMs = 86_400_000;
/** Samples that one offering keeps. */
export const samplesPerOffering = 1000;

/** Fewer tokens say more about rounding than about speed. */
const leastTokens = 20;
/** Faster than any chip: a clock artefact such as the 9974 tokens per second that a recording shows. */
const mostTokensPerSecond = 5000;
/** Percentiles beyond the median need this many samples. */
const leastSamplesForPercentiles = 20;

/**
 * What a settled run says about its offering's speed: `completion_tokens / completion_time` with a minimum
 * of tokens and a bound on outliers. Undefined when it says nothing.
 */
export function speedSampleOf(
  offeringId: string,
  report: AttemptReport,
  atMs: number,
): SpeedSample | undefined {
  const { usage, timing, timeToFirstTokenMs } = report;
  const tokens = usage?.outputTokens ?? 0;
  const seconds = (timing.completionMs ?? 0) / 1000;
  const rate = tokens >= leastTokens && seconds > 0 ? tokens / seconds : undefined;
  const tokensPerSecond = rate !== undefined && rate <= mostTokensPerSecond ? rate : undefined;
  const sample = { offeringId, atMs, tokensPerSecond, timeToFirstTokenMs, queueMs: timing.queueMs };
  const isEmpty =
    tokensPerSecond === undefined &&
    timeToFirstTokenMs === undefined &&
    timing.queueMs === undefined;
  return isEmpty ? undefined : sample;
}

/** The newest samples of every offering, summed up as percentiles. */
export class SpeedBoard {
  readonly #samples = new Map<string, SpeedSample[]>();
  #changed = false;

  add(sample: SpeedSample): void {
    const samples = this.#samples.get(sample.offeringId) ?? [];
    this.#samples.set(sample.offeringId, samples);
    samples.push(sample);
    if (samples.length > samplesPerOffering) samples.shift();
    this.#changed = true;
  }

  /** Percentiles of every offering when something came in since the last call, else undefined. */
  takeChanges(nowMs: number): ReadonlyMap<string, MeasuredPerformance> | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const result = new Map<string, MeasuredPerformance>();
    for (const [offeringId, samples] of this.#samples) {
      const recent = samples.filter(({ atMs }) => nowMs - atMs < speedWindowMs);
      if (recent.length === 0) this.#samples.delete(offeringId);
      else result.set(offeringId, performanceOf(recent));
    }
    return result;
  }
}

function performanceOf(samples: readonly SpeedSample[]): MeasuredPerformance {
  return {
    throughput: percentilesOf(
      samples,
      ({ tokensPerSecond }) => tokensPerSecond,
      'HIGHER_IS_BETTER',
    ),
    timeToFirstTokenMs: percentilesOf(samples, ({ timeToFirstTokenMs }) => timeToFirstTokenMs),
    queueMs: percentilesOf(samples, ({ queueMs }) => queueMs),
  };
}

/**
 * Percentiles by linear interpolation between neighbours. For speeds the scale is turned round, as the
 * field has it: p99 is what all but the slowest hundredth reach.
 */
function percentilesOf(
  samples: readonly SpeedSample[],
  valueOf: (sample: SpeedSample) => number | undefined,
  order: 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER' = 'LOWER_IS_BETTER',
): MeasuredPercentiles | undefined {
  const values: number[] = [];
  let lastSampleAtMs = 0;
  for (const sample of samples) {
    const value = valueOf(sample);
    if (value === undefined) continue;
    values.push(value);
    lastSampleAtMs = Math.max(lastSampleAtMs, sample.atMs);
  }
  if (values.length === 0) return undefined;
  values.sort((left, right) => (order === 'HIGHER_IS_BETTER' ? right - left : left - right));
  const enough = values.length >= leastSamplesForPercentiles;
  return {
    p50: quantile(values, 0.5),
    p75: enough ? quantile(values, 0.75) : undefined,
    p90: enough ? quantile(values, 0.9) : undefined,
    p99: enough ? quantile(values, 0.99) : undefined,
    sampleCount: values.length,
    windowSeconds: speedWindowMs / 1000,
    lastSampleAtMs,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
