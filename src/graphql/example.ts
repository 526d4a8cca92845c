/** What the explorer opens with: the marketplace's question, answered from whatever is known. */
export const exampleQuery = `# What can be bought in us-east, cheapest first?
# Press the play button, or Ctrl-Enter.
query Marketplace {
  offerings(
    filter: { provider: "groq", region: "us-east" }
  ) {
    totalCount
    nodes {
      model {
        name
        task
      }
      costPerToken
      throughput
      region
      available
      pricing {
        input
        output
        basis
        freshness
        observedAt
      }
    }
  }
  provider(id: "groq") {
    status {
      state
      reason
    }
    feeds {
      name
      state
      lastSuccessAt
      error
    }
  }
}
`;
