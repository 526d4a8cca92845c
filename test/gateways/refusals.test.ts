import { afterEach, expect, it } from 'vitest';

import type { Answer } from './support/ask.ts';
import { behindEachGateway } from './support/behind-gateways.ts';

const known = 'groq:us-east:on_demand:openai/gpt-oss-20b';

behindEachGateway({ environment: { MAX_DEPTH: '6' } }, (bench) => {
  afterEach(() => bench().market.tap.mend());

  it.each([
    ['a cursor that is none', '{ offerings(after: "garbage") { totalCount } }'],
    ['too large a page', '{ offerings(first: 101) { totalCount } }'],
    ['a page of both ends', '{ offerings(first: 1, last: 1) { totalCount } }'],
  ])('passes the refusal of %s on with its code, its place and its words', async (_, query) => {
    const { data, errors } = await bench().ask(query);
    expect(data ?? null).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
    expect(errors[0]?.path).toEqual(['offerings']);
    expect(errors[0]?.message).toMatch(/`(?:after|first|last)`/);
  });

  it('passes the code on with which the service refuses a whole operation', async () => {
    const answer = await bench().ask(
      '{ offerings(first: 1) { nodes { model { offerings(first: 1) { nodes { model { offerings(first: 1) { nodes { id } } } } } } } } }',
    );
    expect(answer.data ?? null).toBeNull();
    expect(codesOf(answer)).toContain('DOCUMENT_TOO_DEEP');
  });

  it('says that a Decimal is none', async () => {
    const answer = await bench().ask(
      '{ offerings(filter: { maxCostPerToken: "cheap" }) { totalCount } }',
    );
    expect(answer.data ?? null).toBeNull();
    expect(JSON.stringify(answer.errors)).toContain('Not a decimal number');
  });

  it('leaves other subgraphs their answers while the service is gone, and answers again once it is back', async () => {
    const { market } = bench();
    market.listings.show([{ id: '1', title: 'a listing', offeringId: known }]);
    const query = '{ listings(first: 1) { title offering { id costPerToken } } }';

    market.tap.cut();
    const without = await bench().ask(query);
    expect(without.data).toEqual({
      listings: [{ title: 'a listing', offering: { id: known, costPerToken: null } }],
    });
    expect(without.errors).not.toEqual([]);

    market.tap.mend();
    expect(await bench().data(query)).toEqual({
      listings: [{ title: 'a listing', offering: { id: known, costPerToken: '0.00000013125' } }],
    });
  });
});

/** Every code in the errors. Apollo Gateway puts a subgraph's refusal with status 400 into one of its own. */
function codesOf({ errors }: Answer): readonly unknown[] {
  return errors.flatMap(({ extensions }) => {
    const response = extensions?.['response'] as
      { readonly body?: Partial<Pick<Answer, 'errors'>> } | undefined;
    const inner = response?.body?.errors ?? [];
    return [extensions?.['code'], ...inner.map((error) => error.extensions?.['code'])];
  });
}
