import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseMoment } from '../../src/domain/moment.ts';

describe('a moment', () => {
  it.each([
    ['2026-10-02', '2026-10-02T00:00:00.000Z'],
    ['2026-10-02T03:58:23Z', '2026-10-02T03:58:23.000Z'],
    ['2026-10-02T03:58:23.5Z', '2026-10-02T03:58:23.500Z'],
    ['2026-10-02T03:58:23.123456789Z', '2026-10-02T03:58:23.123Z'],
    ['2026-10-02T03:58:23+05:30', '2026-10-01T22:28:23.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('is read from %s', (text, moment) => {
    expect(new Date(parseMoment(text) ?? Number.NaN).toISOString()).toBe(moment);
  });

  it.each([
    '',
    'yesterday',
    '2026',
    '2026-10',
    '2026-1-2',
    '2026-02-30',
    '2026-02-29T00:00:00Z',
    '2026-04-31T10:00:00Z',
    '2026-13-01',
    '2026-00-10',
    '2026-10-00',
    '2026-10-02T24:00:00Z',
    '2026-10-02T25:00:00Z',
    '2026-10-02T03:60:00Z',
    '2026-10-02T03:58:61Z',
    '2026-10-02T03:58Z',
    '2026-10-02T03:58:23',
    '2026-10-02T03:58:23+25:00',
    '2026-10-02 03:58:23Z',
    ' 2026-10-02',
    '2026-10-02\n',
    '+002026-10-02',
  ])('is not read from %j', (text) => {
    expect(parseMoment(text)).toBeUndefined();
  });

  it('comes back from its own text', () => {
    const anyMoment = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(anyMoment, (moment) => {
        expect(parseMoment(moment.toISOString())).toBe(moment.getTime());
      }),
    );
  });
});
