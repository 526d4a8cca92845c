import { describe, expect, it } from 'vitest';

import { createLog } from '../src/service-log.ts';
import { StoreError } from '../src/store/store-error.ts';

function logging(fieldsOfNow?: () => object) {
  const lines: string[] = [];
  const log = createLog('info', fieldsOfNow, { write: (line: string) => lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe("the service's log", () => {
  it('says what an error was and what was behind it', () => {
    const { log, last } = logging();
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432');
    log.warn({ error: new StoreError('DATABASE_UNREACHABLE', 'No database', cause) }, 'failed');
    expect(last()).toMatchObject({
      msg: 'failed',
      error: {
        type: 'StoreError',
        message: 'No database',
        cause: { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:5432' },
      },
    });
  });

  it('writes neither keys in messages nor what a library put on its error', () => {
    const { log, lines } = logging();
    const error = Object.assign(new Error('refused gsk_0123456789 of org_0123456789'), {
      options: { headers: { authorization: 'private' } },
      detail: 'Key (caller)=(somebody) exists',
    });
    log.error({ error }, 'failed');
    expect(lines[0]).toContain('refused [redacted] of [redacted]');
    expect(lines[0]).not.toMatch(/gsk_|org_|private|somebody/);
  });

  it('leaves what was put into words already as it is', () => {
    const { log, last } = logging();
    log.error({ error: { type: 'Error', message: 'in words' } }, 'failed');
    expect(last()['error']).toEqual({ type: 'Error', message: 'in words' });
  });

  it("adds the fields of the moment, under the line's own", () => {
    const { log, last } = logging(() => ({ traceId: 'of the moment' }));
    log.info('without');
    expect(last()['traceId']).toBe('of the moment');
    log.info({ traceId: 'of its own' }, 'with');
    expect(last()['traceId']).toBe('of its own');
  });
});
