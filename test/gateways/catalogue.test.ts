import { expect, it } from 'vitest';

import { behindEachGateway } from './support/behind-gateways.ts';

const marketplace = /* GraphQL */ `
  query Marketplace($after: String, $first: Int = 50) {
    offerings(
      filter: { provider: "groq", region: "us-east" }
      orderBy: { field: COST_PER_TOKEN, direction: ASC }
      first: $first
      after: $after
    ) {
      totalCount
      snapshotVersion
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      edges {
        cursor
        node {
          id
          costPerToken
          throughput
          region
          serviceTier
          available
          launchable
          launchBlocker
          complianceFlags
          model {
            id
            name
            task
            contextWindow
            features
            lifecycle
            costPerToken
          }
          provider {
            id
            name
            kind
            region
            costPerToken
          }
          pricing {
            input
            output
            cachedInput
            unit
            currency
            method
            basis
            version
            source
            observedAt
            freshness
          }
          performance {
            basis
            nominal {
              tokensPerSecond
              source
              observedAt
            }
          }
        }
      }
    }
  }
`;

const provider = /* GraphQL */ `
  {
    providers {
      id
    }
    provider(id: "groq") {
      id
      name
      kind
      region
      complianceFlags
      costPerToken
      throughput
      status {
        state
        reason
        since
      }
      residency {
        declaredRegion
        basis
      }
      feeds {
        name
        state
        source
        error
        rejected {
          id
          reason
        }
      }
      limitations {
        feature
        reason
      }
      cheapestOffering {
        id
        model {
          name
        }
      }
      offerings(first: 2, orderBy: { field: NAME }) {
        nodes {
          id
          model {
            name
          }
        }
      }
    }
  }
`;

const models = /* GraphQL */ `
  query Models($id: ID!) {
    model(id: $id) {
      id
      name
      lifecycle
      offerings {
        nodes {
          id
          provider {
            name
          }
          priceHistory(from: "2026-01-01T00:00:00.000Z", to: "2027-01-01T00:00:00.000Z") {
            points {
              input
              output
              version
            }
            truncated
          }
        }
      }
    }
    spec: model(id: "Llama-3-8B") {
      id
      lifecycle
      lifecycleNote
      replacement {
        id
      }
    }
    models(first: 100) {
      totalCount
      nodes {
        id
        regions
        costPerToken
      }
    }
  }
`;

behindEachGateway({}, (bench) => {
  it('answers the marketplace as the service itself does', async () => {
    const direct = await bench().directData(marketplace);
    expect(direct['offerings']).toMatchObject({ totalCount: 11 });
    expect(await bench().data(marketplace)).toEqual(direct);
  });

  it('answers for a provider as the service itself does', async () => {
    const direct = await bench().directData(provider);
    expect(direct['provider']).toMatchObject({ status: { state: 'READY' } });
    expect(await bench().data(provider)).toEqual(direct);
  });

  it('answers for models and their price history as the service itself does', async () => {
    const variables = { id: 'openai/gpt-oss-120b' };
    const direct = await bench().directData(models, variables);
    expect(direct['spec']).toMatchObject({ lifecycle: 'DECOMMISSIONED' });
    expect(await bench().data(models, variables)).toEqual(direct);
  });

  it('turns the pages of a list as the service itself does', async () => {
    const all = idsOf(await bench().directData(marketplace));
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Record<string, unknown> = await bench().data(marketplace, { first: 4, after });
      seen.push(...idsOf(page));
      after = nextCursorOf(page);
    } while (after !== null);
    expect(seen).toEqual(all);
  });

  it('passes prices on digit for digit', async () => {
    const { offering } = await bench().data(/* GraphQL */ `
      {
        offering(id: "groq:us-east:on_demand:openai/gpt-oss-20b") {
          costPerToken
          pricing {
            input
            output
            cachedInput
          }
        }
      }
    `);
    expect(offering).toEqual({
      costPerToken: '0.00000013125',
      pricing: { input: '0.000000075', output: '0.0000003', cachedInput: '0.0000000375' },
    });
  });

  it('takes a price as text without losing a digit', async () => {
    const query = /* GraphQL */ `
      query Below($limit: Decimal!) {
        offerings(filter: { model: "openai/gpt-oss-20b", maxCostPerToken: $limit }) {
          totalCount
        }
      }
    `;
    const justAbove = await bench().data(query, { limit: '0.000000131250000000000000001' });
    const justBelow = await bench().data(query, { limit: '0.000000131249999999999999999' });
    expect(justAbove).toEqual({ offerings: { totalCount: 1 } });
    expect(justBelow).toEqual({ offerings: { totalCount: 0 } });
  });

  it('asks the service once for a query that it can answer alone', async () => {
    await bench().data(marketplace);
    expect(bench().market.tap.requests).toHaveLength(1);
  });
});

interface Page {
  readonly edges: readonly { readonly node: { readonly id: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

function idsOf(answer: Record<string, unknown>): readonly string[] {
  return (answer['offerings'] as Page).edges.map(({ node }) => node.id);
}

function nextCursorOf(answer: Record<string, unknown>): string | null {
  const { pageInfo } = answer['offerings'] as Page;
  return pageInfo.hasNextPage ? pageInfo.endCursor : null;
}
