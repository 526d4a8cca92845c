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
import { startGenerator } from './generators.ts';
import { bodiesOf, modelCount, modelList } from './marketplace.ts';
import type { Scenario } from './marketplace.ts';
import { processorMs } from './process-cost.ts';
import { machine, table } from './report.ts';
import type { Measured } from './report.ts';

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
/** More than any turn has. */
const roundsOfATurn = 10_000_000;
let firstRound = 0;

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
const generator = startGenerator();
const otherGenerator = startGenerator();
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
  generator.stop();
  otherGenerator.stop();
  for (const contender of contenders) await contender.stop();
  groq.close();
  await rm(folder, { recursive: true, force: true });
}

/** Rounds one after the other over all contenders, so that a busy moment of the machine hits each alike. */
async function measure(
  scenario: Scenario,
  offeringIds: readonly string[],
  bare: Contender,
): Promise<void> {
  const measured = new Map<Contender, Measured[]>(contenders.map((contender) => [contender, []]));
  for (let turn = 0; turn <= Number(values.rounds); turn += 1) {
    for (const contender of contenders) {
      // The first turn warms up, which takes the compilers of V8 a few seconds of load.
      const durationMs = Number(values.seconds) * (turn === 0 ? 3000 : 1000);
      const orderOf = (asked: Scenario) => ({
        url: contender === bare ? new URL(`/${asked}`, contender.url).href : contender.url,
        headers,
        scenario: asked,
        offeringIds,
        durationMs,
        firstRound: (firstRound += roundsOfATurn),
      });
      const beforeMs = processorMs(contender.processId);
      const [load, others] = await Promise.all([
        generator.run({ ...orderOf(scenario), connections: connectionsFor[scenario] }),
        scenario === 'entities'
          ? otherGenerator.run({ ...orderOf('varied'), connections: 1, restMs: 5 })
          : undefined,
      ]);
      const cpuMs = processorMs(contender.processId) - beforeMs;
      const requestCount = load.requestCount + (others?.requestCount ?? 0);
      const cpuMicroseconds = (cpuMs * 1000) / requestCount;
      if (turn > 0) measured.get(contender)?.push({ load, others, cpuMicroseconds });
    }
  }
  say(`\n### ${scenario}, ${connectionsFor[scenario]} connections\n`);
  say(table(measured, bare));
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
): Promise<Record<Scenario, string>> {
  const answerTo = async (scenario: Scenario): Promise<string> => {
    const bodyOf = bodiesOf(scenario, ids);
    let first: string | undefined;
    for (const contender of asked) {
      // More than once: what comes again may be answered in another way.
      for (let round = 0; round < 4; round += 1) {
        const answer = await ask(contender, bodyOf(round * ids.length));
        first ??= answer;
        if (!isDeepStrictEqual(JSON.parse(answer), JSON.parse(first))) {
          throw new Error(`${contender.name} answers ${scenario} differently`);
        }
      }
    }
    return first ?? '';
  };
  return {
    repeated: await answerTo('repeated'),
    varied: await answerTo('varied'),
    entities: await answerTo('entities'),
  };
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
