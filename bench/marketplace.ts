/** How many offerings the loopback provider has; the marketplace asks for the first 50 of them. */
export const modelCount = 60;
const pageSize = 50;
const representationCount = 1000;

/** A model list as Groq sends it, the same in every process. */
export function modelList(): unknown {
  const data = Array.from({ length: modelCount }, (_, index) => ({
    id: `bench/model-${String(index).padStart(3, '0')}`,
    object: 'model',
    created: 1_760_000_000 + index,
    owned_by: 'Bench',
    active: true,
    name: `Bench Model ${index} Instruct`,
    context_window: 131_072,
    max_completion_tokens: 65_536,
    input_modalities: ['text'],
    output_modalities: ['text'],
    features: ['streaming', 'tools'],
    pricing: {
      prompt: `0.0000000${100 + index}`,
      completion: `0.0000000${400 + index}`,
    },
  }));
  return { object: 'list', data };
}

const marketplaceQuery = `query Marketplace($filter: OfferingFilter, $first: Int) {
  offerings(filter: $filter, first: $first) {
    totalCount
    nodes {
      id region serviceTier available costPerToken throughput
      model { id name ownedBy task contextWindow maxOutputTokens features }
      provider { id name kind region complianceFlags }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const entitiesQuery = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on Offering { id region costPerToken throughput model { id name } provider { id name } }
  }
}`;

/** What is asked; the round makes each request another one where the scenario says so. */
export type Scenario = 'repeated' | 'varied' | 'entities';

/** Makes the bodies of requests; no two rounds are equal but in `repeated`. */
export function bodiesOf(
  scenario: Scenario,
  offeringIds: readonly string[],
): (round: number) => string {
  switch (scenario) {
    case 'repeated': {
      const body = marketplaceBody('0.5');
      return () => body;
    }
    case 'varied': {
      const [before = '', after = ''] = marketplaceBody('{round}').split('{round}');
      return (round) => `${before}0.5${String(round).padStart(9, '0')}1${after}`;
    }
    case 'entities': {
      // Written once for each first row: to write a thousand representations takes longer than to answer them.
      const beginnings = offeringIds.map((_, first) =>
        entitiesBody(offeringIds, first).slice(0, -1),
      );
      return (round) => `${beginnings[round % beginnings.length]},"extensions":{"round":${round}}}`;
    }
  }
}

function marketplaceBody(maxCostPerToken: string): string {
  return JSON.stringify({
    query: marketplaceQuery,
    operationName: 'Marketplace',
    variables: { filter: { provider: 'groq', maxCostPerToken }, first: pageSize },
  });
}

function entitiesBody(offeringIds: readonly string[], first: number): string {
  const representations = Array.from({ length: representationCount }, (_, index) => ({
    __typename: 'Offering',
    id: offeringIds[(index + first) % offeringIds.length],
  }));
  return JSON.stringify({ query: entitiesQuery, variables: { representations } });
}
