import { expect, it } from 'vitest';

import { behindEachGateway } from './support/behind-gateways.ts';
import type { Bench } from './support/behind-gateways.ts';

const offeringFields = /* GraphQL */ `
  fragment OfferingFields on Offering {
    id
    costPerToken
    throughput
    region
    serviceTier
    available
    model {
      id
      name
      ownedBy
    }
    provider {
      id
      name
      status {
        state
      }
    }
    pricing {
      input
      output
      basis
      version
    }
  }
`;

const listings = /* GraphQL */ `
  query Listings($first: Int = 100) {
    listings(first: $first) {
      title
      offering {
        ...OfferingFields
      }
    }
  }
  ${offeringFields}
`;

behindEachGateway({}, (bench) => {
  it('gives the offering behind a listing as the service itself gives it', async () => {
    const ids = await listEveryOffering(bench());
    const answer = await bench().data(listings);
    const direct = await Promise.all(
      ids.map(async (id) => {
        const { offering } = await bench().directData(
          `query Offering($id: ID!) { offering(id: $id) { ...OfferingFields } } ${offeringFields}`,
          { id },
        );
        return { title: `listing of ${id}`, offering };
      }),
    );
    expect(ids).toHaveLength(11);
    expect(answer).toEqual({ listings: direct });
  });

  it('fetches a page of a hundred listings with one call for entities', async () => {
    const ids = await listEveryOffering(bench());
    bench().market.listings.show(
      Array.from({ length: 100 }, (_, index) => ({
        id: `${index}`,
        title: `listing ${index}`,
        offeringId: ids[index % ids.length] ?? '',
      })),
    );
    bench().market.tap.forget();
    const { listings: rows } = await bench().data(listings);
    expect(rows).toHaveLength(100);
    const { requests } = bench().market.tap;
    expect(requests).toHaveLength(1);
    expect(requests[0]?.query).toContain('_entities');
  });

  it('gives the carts and listings that an offering stands in, from the other side', async () => {
    const [first = ''] = await listEveryOffering(bench());
    const { offering } = await bench().data(
      `query Offering($id: ID!) { offering(id: $id) { id available listings { title } } }`,
      { id: first },
    );
    expect(offering).toEqual({
      id: first,
      available: true,
      listings: [{ title: `listing of ${first}` }],
    });
  });

  it('leaves the fields of an unknown offering null, without an error and without harm to others', async () => {
    const known = 'groq:us-east:on_demand:openai/gpt-oss-20b';
    show(bench(), ['no-such-offering', known, 'groq']);
    const answer = await bench().ask('{ listings(first: 9) { offering { id costPerToken } } }');
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      listings: [
        { offering: { id: 'no-such-offering', costPerToken: null } },
        { offering: { id: known, costPerToken: '0.00000013125' } },
        { offering: { id: 'groq', costPerToken: null } },
      ],
    });
  });

  it('shows an offering that cannot be looked up as an error at its own place alone', async () => {
    const known = 'groq:us-east:on_demand:openai/gpt-oss-20b';
    show(bench(), [known, '', known]);
    const { data, errors } = await bench().ask(
      '{ listings(first: 9) { offering { costPerToken } } }',
    );
    expect(data).toEqual({
      listings: [
        { offering: { costPerToken: '0.00000013125' } },
        { offering: { costPerToken: null } },
        { offering: { costPerToken: '0.00000013125' } },
      ],
    });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
    expect(errors[0]?.path?.slice(0, 3)).toEqual(['listings', 1, 'offering']);
  });

  it('shares a provider with a sibling that knows it too', async () => {
    const { provider } = await bench().data(
      '{ provider(id: "groq") { id name kind costPerToken gpus { name hourlyPrice } } }',
    );
    expect(provider).toEqual({
      id: 'groq',
      name: 'Groq',
      kind: 'MODEL_HOSTING',
      costPerToken: '0.00000013125',
      gpus: [{ name: 'LPU rack', hourlyPrice: '19' }],
    });
  });

  it('adds nothing to a provider that only a sibling knows, and takes nothing from it', async () => {
    const { data, errors } = await bench().ask(/* GraphQL */ `
      {
        gpus {
          nodes {
            name
            provider {
              id
              name
              kind
              costPerToken
              complianceFlags
              status {
                state
              }
              residency {
                declaredRegion
              }
              feeds {
                name
              }
              limitations {
                feature
              }
              offerings {
                totalCount
              }
            }
          }
        }
      }
    `);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      gpus: {
        nodes: [
          {
            name: 'H100 SXM',
            provider: {
              id: 'cumulus',
              name: 'Cumulus Racks',
              kind: 'GPU_RENTAL',
              costPerToken: null,
              complianceFlags: null,
              status: null,
              residency: null,
              feeds: null,
              limitations: null,
              offerings: null,
            },
          },
          {
            name: 'LPU rack',
            provider: { id: 'groq', status: { state: 'READY' }, offerings: { totalCount: 11 } },
          },
        ],
      },
    });
  });
});

/** Puts every offering of the service on the market and gives their ids. */
async function listEveryOffering(bench: Bench): Promise<readonly string[]> {
  const { offerings } = await bench.directData('{ offerings(first: 100) { nodes { id } } }');
  const { nodes } = offerings as { readonly nodes: readonly { readonly id: string }[] };
  const ids = nodes.map(({ id }) => id);
  show(bench, ids);
  bench.market.tap.forget();
  return ids;
}

/** Lists these offerings and nothing else. */
function show(bench: Bench, offeringIds: readonly string[]): void {
  bench.market.listings.show(
    offeringIds.map((offeringId, index) => ({
      id: `${index}`,
      title: `listing of ${offeringId}`,
      offeringId,
    })),
  );
}
