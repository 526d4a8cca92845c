import { Agent, request } from 'node:http';

import { expect, it, onTestFinished, vi } from 'vitest';

import { plays } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startServiceOnRecordings } from '../support/service-process.ts';

const chatPath = '/openai/v1/chat/completions';

/** What became of one request: its status and body, or the code of the failure. */
type Outcome = { readonly status: number; readonly body: string } | { readonly code: string };

/** One request over the agent's connection; a failure is an outcome too. */
function send(url: string, agent: Agent, query: string, variables?: object): Promise<Outcome> {
  return new Promise((resolve) => {
    const fail = (error: Error) =>
      resolve({ code: (error as NodeJS.ErrnoException).code ?? error.message });
    const sent = request(
      url,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', fail);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() });
        });
      },
    );
    sent.on('error', fail);
    sent.end(JSON.stringify({ query, variables }));
  });
}

it('answers every request that reached it when it is told to end under load, launches included', async () => {
  const { service, groq, close } = await startServiceOnRecordings();
  onTestFinished(close);
  const answer = plays(recordedExchange('chat-plain-llama-3.1-8b-2025-11'));
  const released = Promise.withResolvers<void>();
  groq.reply(chatPath, async (arrived, response) => {
    await released.promise;
    await answer(arrived, response);
  });
  const agents: Agent[] = [];
  const ownConnection = (): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return agent;
  };
  onTestFinished(() => {
    for (const agent of agents) agent.destroy();
  });

  const launches = Array.from({ length: 5 }, (_, number) =>
    send(
      service.url,
      ownConnection(),
      `mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) {
        ... on InferenceLaunched { run { state } }
        ... on LaunchRefusal { code } } }`,
      {
        input: {
          idempotencyKey: `ends-${number}`,
          model: 'openai/gpt-oss-120b',
          prompt: 'Hello',
          parameters: { maxOutputTokens: 500 },
        },
      },
    ),
  );
  await vi.waitFor(() => expect(groq.requestsTo(chatPath)).toHaveLength(5), {
    timeout: 20_000,
    interval: 10,
  });

  const outcomes: Outcome[] = [];
  const readers = Array.from({ length: 32 }, async (_, reader) => {
    const agent = ownConnection();
    for (let count = 0; ; count += 1) {
      // Half of the documents are new ones, which no finished answer serves.
      const name = count % 2 === 0 ? 'Again' : `New${reader}x${count}`;
      const query = `query ${name} { offerings(first: 5) { nodes { id costPerToken } } }`;
      const outcome = await send(service.url, agent, query);
      outcomes.push(outcome);
      if ('code' in outcome) return outcome.code;
    }
  });
  await vi.waitFor(() => expect(outcomes.length).toBeGreaterThan(500), {
    timeout: 30_000,
    interval: 10,
  });
  const ended = service.stop();
  // Until the listener is closed the load goes on; then nobody new gets in, and what is in is answered.
  const ends = await Promise.all(readers);
  released.resolve();
  const launched = await Promise.all(launches);
  expect(await ended).toBe(0);

  expect(new Set(ends)).toEqual(new Set(['ECONNREFUSED']));
  const answered = outcomes.filter((outcome) => 'status' in outcome);
  expect(answered.length).toBe(outcomes.length - readers.length);
  for (const { status, body } of answered) {
    expect(status).toBe(200);
    expect(body).toMatch(/^\{"data":\{"offerings":\{"nodes":\[.*\]\}\}\}\n?$/);
  }
  for (const outcome of launched) {
    expect(outcome).toMatchObject({ status: 200 });
    expect('body' in outcome ? outcome.body : '').toContain('"state":"SUCCEEDED"');
  }
});
