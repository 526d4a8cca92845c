import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SearchTexts } from '../../src/catalogue/search-texts.ts';

// Few letters, so that words occur often, at the edges of texts too.
const anyWord = fc.string({
  unit: fc.constantFrom('a', 'b', 'é', '本'),
  maxLength: 3,
});
const anyText = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '本', ' ', '\n'), maxLength: 8 });

describe('texts that searches look through', () => {
  it('have a word exactly where each text by itself has it', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 20 }), anyWord, (texts, word) => {
        const flags = new SearchTexts(texts).flagsOf(word);
        expect([...flags]).toEqual(texts.map((text) => Number(text.includes(word))));
      }),
      { numRuns: 2_000 },
    );
  });
});
