import { beforeEach, expect, it } from 'vitest';

import { behindEachGateway } from './support/behind-gateways.ts';

const offeringId = 'groq:us-east:on_demand:openai/gpt-oss-20b';
const query = /* GraphQL */ `
  query Cart {
    listings(first: 1) {
      title
      offering {
        id
        costPerToken
      }
    }
    offerings(first: 1) {
      totalCount
    }
  }
`;

behindEachGateway({ environment: { CACHE_TAGS: '1' } }, (bench) => {
  beforeEach(() => {
    bench().market.listings.show([{ id: 'listing-1', title: 'Small and fast', offeringId }]);
  });

  it('gets tags that are for its cache, and passes no word of them on to its client', async () => {
    const { gatewayUrl, market } = bench();
    const response = await fetch(gatewayUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query }),
    });
    const answer = (await response.json()) as { readonly data: unknown };
    expect(answer).toMatchObject({
      data: {
        listings: [{ title: 'Small and fast', offering: { id: offeringId } }],
        offerings: { totalCount: expect.any(Number) as number },
      },
    });
    expect(JSON.stringify(answer)).not.toContain('CacheTags');
    const kept = market.tap.answers.map(
      (text) => (JSON.parse(text) as { extensions?: object }).extensions,
    );
    expect(kept).toContainEqual({ apolloCacheTags: ['catalogue'] });
    expect(kept).toContainEqual({ apolloEntityCacheTags: [[`offering-${offeringId}`]] });
  });
});
