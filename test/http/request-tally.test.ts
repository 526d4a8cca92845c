import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { RequestTally } from '../../src/http/request-tally.ts';

test('what is counted is shown as a counter and as a histogram, again at each scrape', async () => {
  const registry = new Registry();
  const tally = new RequestTally([0.1, 1]);
  tally.register(
    registry,
    { name: 'requests_total', help: 'Requests.' },
    { name: 'duration_seconds', help: 'Durations.' },
  );
  tally.add('query', 200, 0.05);
  tally.add('query', 200, 0.1);
  tally.add('query', 400, 0.25);
  await registry.metrics();
  tally.add('query', 200, 30);
  tally.add('health', 200, 0.5);
  expect(await registry.metrics()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{kind="query",status="200"} 3
requests_total{kind="query",status="400"} 1
requests_total{kind="health",status="200"} 1

# HELP duration_seconds Durations.
# TYPE duration_seconds histogram
duration_seconds_bucket{le="0.1",kind="query"} 2
duration_seconds_bucket{le="1",kind="query"} 3
duration_seconds_bucket{le="+Inf",kind="query"} 4
duration_seconds_sum{kind="query"} 30.4
duration_seconds_count{kind="query"} 4
duration_seconds_bucket{le="0.1",kind="health"} 0
duration_seconds_bucket{le="1",kind="health"} 1
duration_seconds_bucket{le="+Inf",kind="health"} 1
duration_seconds_sum{kind="health"} 0.5
duration_seconds_count{kind="health"} 1
`);
});
