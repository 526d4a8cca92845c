import { expect, onTestFinished, test } from 'vitest';

import { after } from '../support/groq-responders.ts';
import { faultsInBooks } from '../support/ledger-books.ts';
import { chatPath, startLaunching } from '../support/launching.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { openQuietly } from '../support/store-opening.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const minuteMs = 60_000;

test.skipIf(postgresSkippedBecause !== undefined)(
  'a database that is away for a minute stops launches and nothing else, and the minute leaves no trace once it is back',
  { timeout: 120_000 },
  async () => {
    const database = await createTestDatabase();
    const { proxy, url } = await TcpProxy.before(database.url);
    const clock = new ManualClock();
    const service = await startLaunching({ clock, environment: { DATABASE_URL: url } });
    const store = await openQuietly({ databaseUrl: database.url });
    onTestFinished(async () => {
      await service.close();
      await store.close();
      await proxy.stop();
      await database.drop();
    });
    const readiness = async () => {
      const response = await fetch(new URL('/readyz', service.url));
      const { degraded } = (await response.json()) as { readonly degraded: readonly string[] };
      return { status: response.status, isDegraded: degraded.length > 0 };
    };
    const catalogueAt = async (second: number) =>
      await service.data<object>(
        `query At${second} { offerings(first: 100) { totalCount nodes { id costPerToken launchable } } }`,
      );

    const answer = Promise.withResolvers<void>();
    service.groq.replyOnce(
      chatPath,
      after(answer.promise, recordedExchange('chat-cached-tokens-gpt-oss-120b')),
    );
    const { run } = await service.launch({ mode: 'ASYNC', deadlineMs: 10 * minuteMs });
    await expect.poll(() => service.sent()).toBe(1);
    const whole = await catalogueAt(0);

    proxy.goAway();
    const lost = { idempotencyKey: 'while-away' };
    for (let second = 1; second <= 60; second += 1) {
      await clock.advance(1_000);
      expect(await catalogueAt(second)).toEqual(whole);
      if (second === 30) {
        expect(await service.launch(lost)).toMatchObject({
          code: 'LEDGER_UNAVAILABLE',
          retryable: true,
        });
      }
      if (second === 45) answer.resolve();
    }
    await expect.poll(readiness).toEqual({ status: 200, isDegraded: true });
    expect(service.sent()).toBe(1);

    proxy.comeBack();
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return await readiness();
      })
      .toEqual({ status: 200, isDegraded: false });
    expect(await service.ended(run?.id ?? '')).toMatchObject({
      state: 'SUCCEEDED',
      attempts: [{ number: 1, outcome: 'COMPLETED' }],
    });
    expect(await service.launch(lost)).toMatchObject({
      replayed: false,
      run: { state: 'SUCCEEDED' },
    });
    expect(service.sent()).toBe(2);
    expect(await catalogueAt(61)).toEqual(whole);
    expect(await faultsInBooks(store.ledger)).toEqual([]);
  },
);
