import { expect, it, onTestFinished } from 'vitest';

import { inSpan } from '../../src/domain/tracing.ts';
import { OtlpTracing } from '../../src/tracing/otlp-tracing.ts';
import type { ExportOutcome } from '../../src/tracing/otlp-tracing.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import type { TraceCollector } from '../support/trace-collector.ts';

interface Traced {
  readonly collector: TraceCollector;
  readonly tracing: OtlpTracing;
  readonly outcomes: readonly ExportOutcome[];
}

async function traced(): Promise<Traced> {
  const collector = await startTraceCollector();
  onTestFinished(() => collector.close());
  const outcomes: ExportOutcome[] = [];
  const tracing = new OtlpTracing({
    endpoint: `${collector.url}/`,
    serviceName: 'test',
    serviceVersion: '1',
    onExport: (outcome) => outcomes.push(outcome),
  });
  onTestFinished(() => tracing.close());
  return { collector, tracing, outcomes };
}

it('keeps a bounded number of spans while the collector does not answer, and drops the rest', async () => {
  const { collector, tracing } = await traced();
  collector.answerWith(undefined);
  for (let count = 0; count < 10_000; count += 1) tracing.begin('work', 'INTERNAL').end();
  await collector.asked(1);
  collector.answerWith(200);
  await tracing.close();
  // One export of 512 was under way; 2,048 spans waited behind it.
  expect(collector.spans.length).toBeGreaterThan(0);
  expect(collector.spans.length).toBeLessThanOrEqual(2_048);
});

it('says what became of each export, with a code and not with the words of the collector', async () => {
  const { collector, tracing, outcomes } = await traced();
  collector.answerWith(400);
  tracing.begin('refused', 'INTERNAL').end();
  await collector.asked(1);
  await tracing.close();
  expect(outcomes).toEqual([{ spanCount: 1, failure: 'HTTP 400' }]);
});

it('gives work a span with its failure as a code, and lets the failure through', async () => {
  const { collector, tracing } = await traced();
  const refused = Object.assign(new Error('the words of a customer'), { code: 'BUSY' });
  await expect(
    inSpan(tracing, 'failing', {}, () => Promise.reject(refused), { parent: 'NONE' }),
  ).rejects.toBe(refused);
  const nested = await inSpan(tracing, 'outer', {}, () =>
    inSpan(tracing, 'inner', { size: 3 }, () => Promise.resolve(tracing.activeTraceId())),
  );
  await tracing.close();
  const [failing, inner, outer] = collector.spans;
  expect(failing).toMatchObject({ failed: true, attributes: { 'error.type': 'BUSY' } });
  expect(inner).toMatchObject({
    name: 'inner',
    parentSpanId: outer?.spanId,
    traceId: nested,
    attributes: { size: 3 },
  });
  expect(tracing.activeTraceId()).toBeUndefined();
  expect(collector.bodies.map(String).join('')).not.toContain('the words of a customer');
});

it('cuts what is too long for an attribute', async () => {
  const { collector, tracing } = await traced();
  tracing.begin('long', 'INTERNAL', { text: 'x'.repeat(10_000) }).end();
  await tracing.close();
  expect(collector.spans[0]?.attributes['text']).toBe('x'.repeat(256));
});
