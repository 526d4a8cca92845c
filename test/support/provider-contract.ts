import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { FeedReading, ProviderInterface } from '../../src/providers/provider.ts';

/** What the catalogue asks of a provider. */
type CatalogueProvider = Pick<ProviderInterface, 'id' | 'listModels' | 'getPricing'>;

/** An adapter in front of a loopback upstream whose behaviour the suite sets. */
export interface ProviderFixture {
  readonly provider: CatalogueProvider;
  /** What the adapter's clock says, always. */
  readonly nowMs: number;
  /** The key that the upstream accepts. */
  readonly secret: string;
  /** The upstream answers as on a good day, with at least one model and one price. */
  answerWell(): void;
  /** The upstream answers, but with nothing that can be read. */
  answerGarbage(): void;
  /** The upstream takes requests and never answers. */
  hang(): void;
  /** The upstream refuses the key from now on. */
  refuseKey(): void;
  /** There is no key from now on, for this reason. */
  takeKeyAway(reason: string): void;
  /** Requests that came to the upstream. */
  requestCount(): number;
  /** Resolves once the upstream has got `count` requests in all. */
  waitForRequests(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** What every implementation of {@link ProviderInterface} holds for the catalogue; run it for each. */
export function describeProviderContract(
  name: string,
  start: () => Promise<ProviderFixture>,
): void {
  describe(`${name} as a ProviderInterface`, () => {
    let fixture: ProviderFixture;
    const never = new AbortController().signal;

    beforeEach(async () => {
      fixture = await start();
    });

    afterEach(async () => {
      await fixture.stop();
    });

    /** Every reading that the provider gives. */
    async function readAll(signal = never): Promise<readonly FeedReading<unknown>[]> {
      const { provider } = fixture;
      const [models, prices] = await Promise.all([
        provider.listModels(signal),
        provider.getPricing(signal),
      ]);
      return [models, ...prices];
    }

    it('lists models under unique ids, observed when the source answered', async () => {
      fixture.answerWell();
      const reading = await fixture.provider.listModels(never);
      if (!reading.ok) throw new Error(reading.failure.message);
      expect(reading.observedAt).toBe(fixture.nowMs);
      expect(reading.rows.length).toBeGreaterThan(0);
      const ids = reading.rows.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('gives at least one price, none negative, none without a value, each for one model', async () => {
      fixture.answerWell();
      const readings = await fixture.provider.getPricing(never);
      const good = readings.filter((reading) => reading.ok);
      expect(good.some(({ rows }) => rows.length > 0)).toBe(true);
      for (const { rows, observedAt } of good) {
        expect(observedAt).toBe(fixture.nowMs);
        expect(new Set(rows.map(({ modelId }) => modelId)).size).toBe(rows.length);
        for (const { components, costPerToken } of rows) {
          const { input, output, cachedInput } = components ?? {};
          const prices = [input, output, cachedInput, costPerToken].filter((p) => p !== undefined);
          expect(prices.length).toBeGreaterThan(0);
          expect(prices.every((price) => !price.isNegative())).toBe(true);
        }
      }
    });

    it('names every price feed once, with its source and basis', async () => {
      fixture.answerWell();
      const readings = await fixture.provider.getPricing(never);
      const feeds = readings.map(({ feed }) => feed);
      expect(new Set(feeds).size).toBe(feeds.length);
      for (const { source, basis } of readings) {
        expect(source).not.toBe('');
        expect(['LIVE', 'LISTED', 'DECLARED']).toContain(basis);
      }
    });

    it('gives the same rows when it is asked twice', async () => {
      fixture.answerWell();
      expect(await readAll()).toEqual(await readAll());
    });

    it('makes no call without a key, and says why', async () => {
      fixture.answerWell();
      fixture.takeKeyAway('the secret store is sealed');
      for (const reading of await readAll()) {
        expect(reading).toMatchObject({
          ok: false,
          failure: {
            code: 'UNCONFIGURED',
            execution: 'NOT_SENT',
            message: expect.stringContaining('the secret store is sealed') as string,
          },
        });
      }
      expect(fixture.requestCount()).toBe(0);
    });

    it('reports a refused key as UNAUTHORIZED', async () => {
      fixture.answerWell();
      fixture.refuseKey();
      for (const reading of await readAll()) {
        expect(reading).toMatchObject({ ok: false, failure: { code: 'UNAUTHORIZED' } });
      }
    });

    it('reports answers that cannot be read as failures, not as rows and not by throwing', async () => {
      fixture.answerGarbage();
      for (const reading of await readAll()) expect(reading.ok).toBe(false);
    });

    it('ends as CANCELLED when its signal aborts during a call that hangs', async () => {
      fixture.hang();
      const abort = new AbortController();
      const readings = readAll(abort.signal);
      await fixture.waitForRequests(1);
      abort.abort();
      for (const reading of await readings) {
        expect(reading).toMatchObject({ ok: false, failure: { code: 'CANCELLED' } });
      }
    });

    it('never shows the key, whatever happens', async () => {
      const readings: unknown[] = [];
      fixture.answerWell();
      readings.push(await readAll());
      fixture.answerGarbage();
      readings.push(await readAll());
      fixture.refuseKey();
      readings.push(await readAll(), fixture.provider);
      expect(inspect(readings, { depth: 20, showHidden: true })).not.toContain(fixture.secret);
    });
  });
}
