import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { RouterTokens } from '../../src/callers/router-tokens.ts';

const token = 'router-token-0123456789-abcdefghijk';
const longer = `${token}-and-more`;

test('a token is accepted whole, whatever was sent before it', () => {
  const tokens = new RouterTokens([token, longer]);
  const sent = fc.oneof(
    fc.constantFrom(token, longer, '', `${token}\0`, token.slice(0, -1), longer.slice(0, -1)),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.nat({ max: longer.length }).map((length) => longer.slice(0, length)),
  );
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 20 }), (all) => {
      for (const given of all) {
        expect(tokens.accepts(given)).toBe(given === token || given === longer);
      }
    }),
  );
});
