import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

import { routerToken, startPeer, startPortkey, startService } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { load } from './load.ts';
import { processorMs } from './process-cost.ts';
import { machine, median } from './report.ts';

/**
 * What a launch costs over calling the provider oneself, side by side with a gateway that keeps no ledger:
 * every contender in a process of its own, in turns, against one loopback provider that answers at once.
 */
const { values } = parseArgs({
  options: {
    /** Only whether everything runs and every launch is settled exactly. */
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
  },
});

const model = 'bench/model-000';
const answerText = 'Hello there, how are you?';
/** 42 × 0.00000001 + 27 × 0.00000004 as the loopback provider prices them. */
const exactCharge = '0.0000015';
const addedAt = values.smoke ? [4] : [1, 16, 64];
const rateAt = [2, 4, 8, 12, 16, 24, 32, 48, 64];
const bound = { p99Ms: 10 };

const launchMutation = `mutation Launch($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched {
      replayed
      run {
        id state output { text finishReason } usage { inputTokens outputTokens }
        cost { total certainty priceVersion } charge timing { totalMs overheadMs }
      }
    }
    ... on LaunchRefusal { code message }
  }
}`;
const messages = [
  { role: 'system', content: 'You are a friendly assistant who answers in one short sentence.' },
  { role: 'user', content: 'Say hello to somebody who came in from the rain.' },
];
const chat = JSON.stringify({ model, messages, max_completion_tokens: 200, temperature: 0.5 });
let launches = 0;

/** One way to have a chat answered. */
interface Route {
  readonly contender: Contender;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: () => string;
}

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly requestsPerSecond: number;
  /** Processor time of the contender's process for one request, in microseconds. */
  readonly processorUs: number;
}

const contenders: Contender[] = [];
try {
  const groq = await startPeer('direct', 'groq.ts', '');
  contenders.push(groq);
  const groqUrl = new URL(groq.url).origin;
  const service = await startService(groqUrl, { LOG_LEVEL: 'info' });
  contenders.push(service);
  const portkey = await startPortkey();
  contenders.push(portkey);
  const direct: Route = {
    contender: groq,
    url: `${groqUrl}/openai/v1/chat/completions`,
    headers: { authorization: 'Bearer bench' },
    body: () => chat,
  };
  const own: Route = {
    contender: service,
    url: service.url,
    headers: { 'x-router-token': routerToken, 'x-caller-id': 'bench' },
    body: launchBody,
  };
  const gateway: Route = {
    contender: portkey,
    url: portkey.url,
    headers: {
      authorization: 'Bearer bench',
      'x-portkey-provider': 'groq',
      'x-portkey-custom-host': `${groqUrl}/openai/v1`,
    },
    body: () => chat,
  };
  await untilLaunched(own);
  await answersAlike([direct, own, gateway]);
  await measureAdded(direct, own, gateway);
  if (!values.smoke) await measureRate(own);
  await everyLaunchSettled(own);
} finally {
  for (const contender of contenders) await contender.stop();
}

async function measureAdded(direct: Route, own: Route, gateway: Route): Promise<void> {
  const routes = [direct, own, gateway];
  const rows: string[] = [];
  for (const connections of addedAt) {
    const results = new Map(routes.map((route) => [route, [] as Measured[]]));
    // The first turn warms up.
    for (let turn = 0; turn <= Number(values.rounds); turn += 1) {
      for (const route of routes) {
        const result = await measured(route, connections);
        if (turn > 0 || values.smoke) results.get(route)?.push(result);
      }
      if (values.smoke) break;
    }
    const of = (route: Route, part: keyof Measured) =>
      median((results.get(route) ?? []).map((result) => result[part]));
    for (const route of routes) {
      const isDirect = route === direct;
      const added = (part: 'p50' | 'p99') => of(route, part) - of(direct, part);
      const share =
        route === own ? (added('p50') / (of(gateway, 'p50') - of(direct, 'p50'))).toFixed(2) : '';
      const cells = [
        connections,
        route.contender.name,
        of(route, 'p50').toFixed(2),
        of(route, 'p99').toFixed(2),
        isDirect ? '' : added('p50').toFixed(2),
        isDirect ? '' : added('p99').toFixed(2),
        Math.round(of(route, 'requestsPerSecond')).toLocaleString('en'),
        Math.round(of(route, 'processorUs')).toLocaleString('en'),
        share,
      ];
      rows.push(`| ${cells.join(' | ')} |`);
    }
  }
  if (values.smoke) return;
  say(
    [
      '### Added to a direct call\n',
      "| Connections | Through | p50 ms | p99 ms | added p50 | added p99 | calls/s | processor µs a call | added p50 ÷ Portkey's |",
      '| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n'),
  );
}

/** Durable launches a second over numbers of connections, and the most within the bound. */
async function measureRate(own: Route): Promise<void> {
  const rows: string[] = [];
  let most = { rate: 0, connections: 0 };
  for (const connections of rateAt) {
    const results: Measured[] = [];
    for (let turn = 0; turn < Number(values.rounds); turn += 1) {
      results.push(await measured(own, connections));
    }
    const of = (part: keyof Measured) => median(results.map((result) => result[part]));
    const rate = of('requestsPerSecond');
    if (of('p99') < bound.p99Ms && rate > most.rate) most = { rate, connections };
    const cells = [
      connections,
      Math.round(rate).toLocaleString('en'),
      of('p50').toFixed(2),
      of('p99').toFixed(2),
      Math.round(of('processorUs')).toLocaleString('en'),
      Math.round(1_000_000 / of('processorUs')).toLocaleString('en'),
    ];
    rows.push(`| ${cells.join(' | ')} |`);
  }
  say(
    [
      '\n### Durable launches\n',
      '| Connections | launches/s | p50 ms | p99 ms | processor µs a launch | launches a second of processor time |',
      '| ---: | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n'),
  );
  say(
    most.rate === 0
      ? `\nNo number of connections kept p99 under ${bound.p99Ms} ms.`
      : `\nMost with p99 under ${bound.p99Ms} ms: ${Math.round(most.rate).toLocaleString('en')} launches/s, at ${most.connections} connections.`,
  );
  say(`\n${machine()}`);
}

async function measured(route: Route, connections: number): Promise<Measured> {
  const { url, headers, body, contender } = route;
  const durationMs = Number(values.seconds) * 1000;
  const processorBefore = processorMs(contender.processId);
  const { requestCount, seconds, p50, p99 } = await load({
    url,
    headers,
    connections,
    durationMs,
    body,
    answersVary: true,
  });
  const processorSpentMs = processorMs(contender.processId) - processorBefore;
  return {
    p50,
    p99,
    requestsPerSecond: requestCount / seconds,
    processorUs: (processorSpentMs * 1000) / requestCount,
  };
}

function launchBody(): string {
  launches += 1;
  const input = {
    idempotencyKey: `bench-${launches}`,
    model,
    messages: messages.map(({ role, content }) => ({ role: role.toUpperCase(), content })),
    parameters: { maxOutputTokens: 200, temperature: 0.5 },
  };
  return JSON.stringify({ query: launchMutation, variables: { input } });
}

async function ask({ url, headers }: Route, body: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return await response.json();
}

/** Waits for the first poll, since before it there is no price that launches. */
async function untilLaunched(own: Route): Promise<void> {
  let answer: unknown;
  for (let attempt = 0; attempt < 500; attempt += 1) {
    launches = 0;
    answer = await ask(own, launchBody());
    if (JSON.stringify(answer).includes('SUCCEEDED')) return;
    await delay(20);
  }
  throw new Error(`No launch succeeds: ${JSON.stringify(answer)}`);
}

async function answersAlike(routes: readonly Route[]): Promise<void> {
  for (const route of routes) {
    const answer = JSON.stringify(await ask(route, route.body()));
    if (!answer.includes(answerText)) {
      throw new Error(`${route.contender.name} gives another answer: ${answer}`);
    }
  }
}

/** Every launch that was sent is in the ledger, settled at its exact cost. */
async function everyLaunchSettled(own: Route): Promise<void> {
  const query = `query {
    inferenceRuns(filter: { state: SUCCEEDED }) { totalCount nodes { charge cost { certainty } } }
    all: inferenceRuns { totalCount }
  }`;
  const { data } = (await ask(own, JSON.stringify({ query }))) as {
    readonly data: {
      readonly inferenceRuns: {
        readonly totalCount: number;
        readonly nodes: readonly {
          readonly charge: string;
          readonly cost: { readonly certainty: string };
        }[];
      };
      readonly all: { readonly totalCount: number };
    };
  };
  const { totalCount, nodes } = data.inferenceRuns;
  const areExact = nodes.every(
    ({ charge, cost }) => charge === exactCharge && cost.certainty === 'EXACT',
  );
  if (totalCount !== launches || data.all.totalCount !== launches || !areExact) {
    throw new Error(`${launches} launches were sent; the ledger has ${JSON.stringify(data)}`);
  }
  say(
    `\n${launches.toLocaleString('en')} launches were sent and answered; each is in the ledger once, settled at its exact cost.`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
