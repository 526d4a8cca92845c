import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type {
  AttemptOptions,
  AttemptOutcome,
  InferenceDelta,
  InferencePayload,
} from '../../src/domain/inference.ts';
import type { ProviderInterface } from '../../src/providers/provider.ts';
import { joined, wideLimits } from './launches.ts';

/** What a launch asks of a provider. */
type LaunchProvider = Pick<ProviderInterface, 'launchInference' | 'inputBound' | 'renewKey'>;

/** An adapter in front of a loopback upstream whose behaviour the suite sets. */
export interface LaunchFixture {
  readonly provider: LaunchProvider;
  /** A text payload that the upstream takes. */
  readonly payload: InferencePayload;
  /** The key that the upstream accepts. */
  readonly secret: string;
  /** The upstream answers with text and counts, as a stream where one is asked for. */
  answerWell(): void;
  /** The upstream answers, but with nothing that can be read. */
  answerGarbage(): void;
  /** The upstream takes requests and never answers. */
  hang(): void;
  /** The upstream breaks connections off in answer to a request. */
  hangUp(): void;
  /** The upstream is gone: nobody listens. */
  leave(): Promise<void>;
  /** The upstream accepts this key alone from now on. */
  acceptKey(secret: string): void;
  /** The next time a key is refused, this one is found. */
  rotateOnRefusal(secret: string): void;
  takeKeyAway(reason: string): void;
  requestCount(): number;
  waitForRequests(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** What every implementation of {@link ProviderInterface} holds for a launch; run it for each. */
export function describeLaunchContract(name: string, start: () => Promise<LaunchFixture>): void {
  describe(`${name} as a ProviderInterface that launches`, () => {
    let fixture: LaunchFixture;

    beforeEach(async () => {
      fixture = await start();
    });

    afterEach(async () => {
      await fixture.stop();
    });

    function launch(overrides: Partial<AttemptOptions> = {}): Promise<AttemptOutcome> {
      return fixture.provider.launchInference(fixture.payload, {
        stream: false,
        signal: new AbortController().signal,
        limits: wideLimits,
        ...overrides,
      });
    }

    it('gives text and counts for one request', async () => {
      fixture.answerWell();
      const outcome = await launch();
      expect(outcome.ok).toBe(true);
      expect(outcome.output?.text).not.toBe('');
      expect(outcome.usage?.inputTokens).toBeGreaterThan(0);
      expect(outcome.usage?.outputTokens).toBeGreaterThan(0);
      expect(outcome.totalMs).toBeGreaterThan(0);
      expect(fixture.requestCount()).toBe(1);
    });

    it('gives a stream whose pieces are its text, in order, for one request', async () => {
      fixture.answerWell();
      const deltas: InferenceDelta[] = [];
      const onDelta = (delta: InferenceDelta) => void deltas.push(delta);
      const outcome = await launch({ stream: true, onDelta });
      expect(outcome.ok).toBe(true);
      expect(joined(deltas, 'TEXT')).toBe(outcome.output?.text);
      expect(outcome.usage?.outputTokens).toBeGreaterThan(0);
      expect(outcome.timeToFirstTokenMs).toBeLessThanOrEqual(outcome.totalMs);
      expect(fixture.requestCount()).toBe(1);
    });

    it('bounds its input by what is counted for it, and says the same each time', async () => {
      fixture.answerWell();
      const bound = fixture.provider.inputBound(fixture.payload);
      const { usage } = await launch();
      expect(bound).toBeGreaterThanOrEqual(usage?.inputTokens ?? Number.NaN);
      expect(fixture.provider.inputBound(structuredClone(fixture.payload))).toBe(bound);
    });

    it.each([false, true])(
      'sends nothing without a key, and says why (stream: %s)',
      async (stream) => {
        fixture.answerWell();
        fixture.takeKeyAway('the secret store is sealed');
        expect(await launch({ stream })).toMatchObject({
          ok: false,
          failure: {
            code: 'UNCONFIGURED',
            execution: 'NOT_SENT',
            message: expect.stringContaining('the secret store is sealed') as string,
          },
        });
        expect(fixture.requestCount()).toBe(0);
      },
    );

    it.each([false, true])('is NOT_SENT when nobody listens (stream: %s)', async (stream) => {
      await fixture.leave();
      const failure = { code: 'UNREACHABLE', execution: 'NOT_SENT', retryable: true };
      expect(await launch({ stream })).toMatchObject({ ok: false, failure });
    });

    it.each([false, true])(
      'is UNKNOWN, once, when an answer never comes (stream: %s)',
      async (stream) => {
        fixture.hangUp();
        expect(await launch({ stream })).toMatchObject({
          ok: false,
          failure: { code: 'CUT_ANSWER', execution: 'UNKNOWN' },
        });
        expect(fixture.requestCount()).toBe(1);
        fixture.hang();
        expect(await launch({ stream, limits: { ...wideLimits, firstTokenMs: 60 } })).toMatchObject(
          {
            ok: false,
            failure: { code: 'TIMEOUT', execution: 'UNKNOWN' },
          },
        );
        expect(fixture.requestCount()).toBe(2);
      },
    );

    it.each([false, true])(
      'is a failure, once, when garbage comes (stream: %s)',
      async (stream) => {
        fixture.answerGarbage();
        expect(await launch({ stream })).toMatchObject({
          ok: false,
          failure: { code: 'MALFORMED_ANSWER', execution: 'UNKNOWN' },
          output: undefined,
          usage: undefined,
        });
        expect(fixture.requestCount()).toBe(1);
      },
    );

    it.each([false, true])(
      'is CANCELLED by its signal while it waits (stream: %s)',
      async (stream) => {
        fixture.hang();
        const abort = new AbortController();
        const launched = launch({ stream, signal: abort.signal });
        await fixture.waitForRequests(1);
        abort.abort();
        expect(await launched).toMatchObject({
          ok: false,
          failure: { code: 'CANCELLED', execution: 'UNKNOWN', retryable: false },
        });
      },
    );

    it('leaves a refused key to its caller: one request, and a newer key on demand', async () => {
      fixture.answerWell();
      fixture.acceptKey('a-newer-key');
      expect(await launch()).toMatchObject({
        ok: false,
        failure: { code: 'UNAUTHORIZED', execution: 'NOT_EXECUTED' },
      });
      expect(fixture.requestCount()).toBe(1);
      expect(await fixture.provider.renewKey()).toBe(false);
      fixture.rotateOnRefusal('a-newer-key');
      expect(await fixture.provider.renewKey()).toBe(true);
      expect(fixture.requestCount()).toBe(1);
      expect((await launch()).ok).toBe(true);
    });

    it('never shows the key, whatever happens', async () => {
      const seen: unknown[] = [fixture.provider];
      fixture.answerWell();
      seen.push(await launch());
      fixture.answerGarbage();
      seen.push(await launch(), await launch({ stream: true }));
      fixture.acceptKey('another-key');
      seen.push(await launch(), fixture.provider);
      expect(inspect(seen, { depth: 20, showHidden: true })).not.toContain(fixture.secret);
    });
  });
}
