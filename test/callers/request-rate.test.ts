import { describe, expect, it } from 'vitest';

import type { Authenticator } from '../../src/callers/authenticator.ts';
import { limitedByRate } from '../../src/callers/request-rate.ts';
import { startLaunching } from '../support/launching.ts';
import { callerNamed } from '../support/live-service.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Believes the header, at once or in its own turn. */
const believing = (isLater = false): Authenticator => ({
  authenticate: (headers) => {
    const caller = callerNamed(headers['x-caller-id'] as string | undefined);
    return isLater ? Promise.resolve(caller) : caller;
  },
  degradedReason: () => 'as it was',
});

const refused = { code: 'RATE_LIMITED', retryable: true };

describe('a caller who asks too often', () => {
  it.each([
    ['at once', false],
    ['in its own turn', true],
  ])('is refused with the seconds to wait, and nobody else (found out %s)', async (_, isLater) => {
    const clock = new ManualClock();
    const limited = limitedByRate(believing(isLater), 3, clock);
    const ask = async (caller?: string) => {
      try {
        return (await limited.authenticate(caller === undefined ? {} : { 'x-caller-id': caller }))
          .id;
      } catch (error) {
        return (error as { readonly extensions: unknown }).extensions;
      }
    };
    for (let count = 0; count < 3; count += 1) expect(await ask('anna')).toBe('anna');
    expect(await ask('anna')).toEqual({ ...refused, retryAfterSeconds: 20 });
    expect(await ask('bert')).toBe('bert');
    for (let count = 0; count < 3; count += 1) expect(await ask()).toBeUndefined();
    expect(await ask()).toEqual({ ...refused, retryAfterSeconds: 20 });

    await clock.advance(15_000);
    expect(await ask('anna')).toEqual({ ...refused, retryAfterSeconds: 5 });
    await clock.advance(5_000);
    expect(await ask('anna')).toBe('anna');
    expect(await ask('anna')).toEqual({ ...refused, retryAfterSeconds: 20 });
    // A rest brings a minute's requests and no more.
    await clock.advance(3_600_000);
    for (let count = 0; count < 3; count += 1) expect(await ask('anna')).toBe('anna');
    expect(await ask('anna')).toEqual({ ...refused, retryAfterSeconds: 20 });
  });

  it('is forgotten where there are too many to remember, the longest silent first', async () => {
    const limited = limitedByRate(believing(), 1, new ManualClock());
    const ask = async (caller: string) => await limited.authenticate({ 'x-caller-id': caller });
    await ask('first');
    for (let number = 0; number < 9_999; number += 1) await ask(`caller-${number}`);
    await expect(async () => await ask('first')).rejects.toMatchObject({ extensions: refused });
    await ask('one too many');
    expect((await ask('first')).id).toBe('first');
    await expect(async () => await ask('caller-9998')).rejects.toMatchObject({
      extensions: refused,
    });
  });

  it('is nobody where no limit is set', () => {
    const authenticator = believing();
    expect(limitedByRate(authenticator, undefined, new ManualClock())).toBe(authenticator);
    expect(limitedByRate(authenticator, 1, new ManualClock()).degradedReason()).toBe('as it was');
  });

  it('gets 429 from the service, whatever he asks, while others are served', async () => {
    const environment = { REQUESTS_PER_MINUTE: '300' };
    const service = await startLaunching({ environment, clock: new ManualClock() });
    const query = '{ offerings { totalCount } }';
    const answers = await Promise.all(
      Array.from({ length: 301 }, async () => await service.ask(query, {}, { caller: 'anna' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(300);
    expect(answers.filter(({ status }) => status === 429)).toMatchObject([
      { errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } }] },
    ]);
    expect((await service.ask(query, {}, { caller: 'bert' })).status).toBe(200);
    await service.close();
  });
});
