import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { KnownBodies } from '../../src/http/known-bodies.ts';

describe('bodies that are known', () => {
  test('are found by their bytes and by no others, whatever was kept before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 200 }),
        (texts) => {
          const bodies = new KnownBodies();
          for (const text of texts) {
            const found = bodies.find(Buffer.from(text));
            expect(found === undefined || found === text).toBe(true);
            bodies.keep(text);
            expect(bodies.find(Buffer.from(text))).toBe(text);
          }
        },
      ),
    );
  });

  test('give their place to others, and hold no long ones', () => {
    const bodies = new KnownBodies();
    const sized = (length: number) => 'x'.repeat(length);
    for (let length = 0; length < 1_000; length += 1) bodies.keep(sized(length));
    const held = Array.from({ length: 1_000 }, (_, length) => length).filter(
      (length) => bodies.find(Buffer.from(sized(length))) !== undefined,
    );
    expect(held).toHaveLength(64);
    bodies.keep(sized(16 * 1024));
    expect(bodies.find(Buffer.from(sized(16 * 1024)))).toBeDefined();
    for (const long of [sized(16 * 1024 + 1), 'é'.repeat(10_000)]) {
      bodies.keep(long);
      expect(bodies.find(Buffer.from(long))).toBeUndefined();
    }
  });
});
