import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { ByteTextBuilder, bytesOf, inOnePiece } from '../../src/graphql/byte-text.ts';

test('any text comes out as its bytes in UTF-8, however it was put together', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.string({ unit: 'binary' }),
          fc.string({ minLength: 5000, maxLength: 20_000 }),
        ),
        { maxLength: 8 },
      ),
      (texts) => {
        const builder = new ByteTextBuilder();
        for (const text of texts) builder.add(inOnePiece(bytesOf(text)));
        const built = builder.build();
        // Each by itself, since a pair of surrogates that was torn apart is no character any more.
        const expected = Buffer.concat(texts.map((text) => Buffer.from(text, 'utf8')));
        expect(built.byteLength).toBe(expected.byteLength);
        expect(built.toBuffer().equals(expected)).toBe(true);
        const memory = Buffer.alloc(expected.byteLength + 3, 7);
        built.writeTo(memory);
        expect(memory.subarray(0, expected.byteLength).equals(expected)).toBe(true);
        expect([...memory.subarray(expected.byteLength)]).toEqual([7, 7, 7]);
      },
    ),
    { numRuns: 200 },
  );
});
