import { isDeepStrictEqual } from 'node:util';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { routerToken, startPeer, startService } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { load } from './load.ts';
import type { LoadResult } from './load.ts';
import { bodyOf, modelCount, modelList } from './marketplace.ts';
import type { Scenario } from './marketplace.ts';
import { machine, table } from './report.ts';

const { values } = parseArgs({
  options: {
    /** Only whether everything runs and answers alike. */
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    scenario: { type: 'string', multiple: true, default: ['repeated', 'varied', 'entities'] },
  },
});

const scenarios = values.scenario as Scenario[];
const headers = { 'x-router-token': routerToken, 'x-caller-id': 'bench' };
const connectionsFor: Readonly<Record<Scenario, number>> = {
  repeated: 32,
  varied: 32,
  entities: 4,
};
let round = 0;

const groq = createServer((request, response) => {
  const isList = request.url === '/openai/v1/models';
  response.writeHead(isList ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(isList ? modelList() : { error: { message: 'unknown' } }));
});
groq.listen(0, '127.0.0.1');
await once(groq, 'listening');
const groqUrl = `http://127.0.0.1:${(groq.address() as AddressInfo).port}`;
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const contenders: Contender[] = [];
try {
  const service = await startService(groqUrl);
  contenders.push(service);
  contenders.push(
    await startPeer('Apollo Server, stock', 'apollo.ts', groqUrl),
    await startPeer('GraphQL Yoga', 'yoga.ts', groqUrl),
    await startPeer('Mercurius with JIT', 'mercurius.ts', groqUrl),
    await startPeer('Mercurius with JIT, limits and log', 'mercurius.ts', groqUrl, 'limited'),
  );
  await untilPolled(service);
  const ids = await offeringIds(service);
  const answers = await equalAnswers(contenders, ids);
  const answersPath = join(folder, 'answers.json');
  await writeFile(answersPath, JSON.stringify(answers));
  const bare = await startPeer('bare node:http', 'bare.ts', groqUrl, answersPath);
  contenders.push(bare);
  say(`${contenders.length} contenders give equal answers to ${scenarios.join(', ')}.`);
  for (const scenario of values.smoke ? [] : scenarios) await measure(scenario, ids, bare);
} finally {
  for (const contender of contenders) await contender.stop();
  groq.close();
  await rm(folder, { recursive: true, force: true });
}

/** Rounds one after the other over all contenders, so that a busy moment of the machine hits each alike. */
async function measure(scenario: Scenario, ids: readonly string[], bare: Contender): Promise<void> {
  const durationMs = Number(values.seconds) * 1000;
  const results = new Map<Contender, { load: LoadResult[]; others: LoadResult[] }>();
  for (const contender of contenders) results.set(contender, { load: [], others: [] });
  for (let turn = 0; turn <= Number(values.rounds); turn += 1) {
    for (const contender of contenders) {
      const url = contender === bare ? new URL(`/${scenario}`, contender.url).href : contender.url;
      const others =
        scenario === 'entities'
          ? load({
              url: contender === bare ? new URL('/varied', contender.url).href : url,
              headers,
              connections: 1,
              durationMs,
              restMs: 5,
              body: () => bodyOf('varied', (round += 1), ids),
            })
          : undefined;
      const made = await load({
        url,
        headers,
        connections: connectionsFor[scenario],
        durationMs: turn === 0 ? durationMs / 2 : durationMs,
        body: () => bodyOf(scenario, (round += 1), ids),
      });
      const other = await others;
      // The first turn warms up.
      if (turn === 0) continue;
      results.get(contender)?.load.push(made);
      if (other !== undefined) results.get(contender)?.others.push(other);
    }
  }
  say(`\n### ${scenario}, ${connectionsFor[scenario]} connections\n`);
  say(table(results, contenders, bare));
}

async function ask(contender: Contender, body: string): Promise<string> {
  const response = await fetch(contender.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  if (response.status !== 200 || text.includes('"errors"')) {
    throw new Error(`${contender.name} answered ${response.status}: ${text.slice(0, 500)}`);
  }
  return text;
}

/** One answer for each scenario, after every contender gave the same one. */
async function equalAnswers(
  asked: readonly Contender[],
  ids: readonly string[],
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const scenario of ['repeated', 'varied', 'entities'] as const) {
    const body = bodyOf(scenario, 0, ids);
    for (const contender of asked) {
      const answer = await ask(contender, body);
      answers[scenario] ??= answer;
      if (!isDeepStrictEqual(JSON.parse(answer), JSON.parse(answers[scenario]))) {
        throw new Error(`${contender.name} answers ${scenario} differently`);
      }
    }
  }
  return answers;
}

async function untilPolled(service: Contender): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const query = `{ offerings(filter: { search: "bench" }) { totalCount } }`;
    const answer = await ask(service, JSON.stringify({ query, extensions: { attempt } }));
    if (answer.includes(`"totalCount":${modelCount}`)) return;
    await delay(20);
  }
  throw new Error('The service never read the loopback provider');
}

async function offeringIds(service: Contender): Promise<readonly string[]> {
  const query = '{ offerings(first: 50) { nodes { id } } }';
  const answer = JSON.parse(await ask(service, JSON.stringify({ query }))) as {
    readonly data: { readonly offerings: { readonly nodes: readonly { readonly id: string }[] } };
  };
  return answer.data.offerings.nodes.map(({ id }) => id);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (!values.smoke) say(`\n${machine()}`);
