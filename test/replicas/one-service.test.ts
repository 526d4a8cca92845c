import { createClient } from 'graphql-sse';
import { describe, expect, test } from 'vitest';

import { after, hang, watched, type Responder } from '../support/groq-responders.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { withReplicas } from '../support/replica-set.ts';
import { answerInKind, chatPath, eventually, headersOf } from '../support/replicas.ts';
import type { Replica } from '../support/replicas.ts';

const timeout = 120_000;

interface SeenEvent {
  readonly cursor: string;
  readonly kind: string;
  readonly text: string | null;
}

/** The events of a run behind a cursor, as they come. */
async function* eventsAt(
  { url }: Replica,
  id: string,
  after?: string,
): AsyncGenerator<SeenEvent, void, undefined> {
  const client = createClient({ url, headers: headersOf('orchestrator'), retryAttempts: 0 });
  const query = `subscription Events($id: ID!, $after: String) {
    inferenceEvents(id: $id, after: $after) { cursor kind text }
  }`;
  const results = client.iterate<{ inferenceEvents: SeenEvent }>({
    query,
    variables: { id, after: after ?? null },
  });
  try {
    for await (const { data, errors } of results) {
      if (data === undefined || data === null) throw new Error(JSON.stringify(errors));
      yield data.inferenceEvents;
    }
  } finally {
    client.dispose();
  }
}

/** The recorded answer in three parts, each sent when the test says so. */
function inThreeParts(): { readonly responder: Responder; readonly send: (() => void)[] } {
  const events = recordedExchange('chat-stream-gpt-oss-120b').response.sse!.split(/(?<=\n\n)/);
  const third = Math.ceil(events.length / 3);
  const parts = [0, 1, 2].map((part) => events.slice(part * third, (part + 1) * third).join(''));
  const gates = parts.map(() => Promise.withResolvers<void>());
  return {
    send: gates.map(({ resolve }) => resolve),
    responder: async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const [index, part] of parts.entries()) {
        await gates[index]?.promise;
        response.write(part);
      }
      response.end();
    },
  };
}

describe.skipIf(postgresSkippedBecause !== undefined)('two replicas are one service', () => {
  test.concurrent(
    'run events of a run on one are readable, live and resumable on the other, and a cancellation there reaches it',
    { timeout },
    async () => {
      await withReplicas({ count: 2 }, async ({ groq, first, second }) => {
        const { responder, send } = inThreeParts();
        groq.replyOnce(chatPath, responder);
        const launched = await first.launch({
          idempotencyKey: 'streamed',
          prompt: 'streamed',
          mode: 'STREAM',
        });
        const { id } = launched.run!;

        const seen: SeenEvent[] = [];
        send[0]!();
        for await (const event of eventsAt(second, id)) {
          seen.push(event);
          break;
        }
        send[1]!();
        for await (const event of eventsAt(second, id, seen.at(-1)!.cursor)) {
          seen.push(event);
          if (seen.length > 1) send[2]!();
        }
        const whole: SeenEvent[] = [];
        for await (const event of eventsAt(first, id)) whole.push(event);
        expect(seen.length).toBeGreaterThan(2);
        expect(seen).toEqual(whole);
        expect(seen.at(-1)!.kind).toBe('FINISHED');
        const text = seen.map((event) => (event.kind === 'TEXT' ? event.text : '')).join('');
        expect(await second.run(id)).toMatchObject({ state: 'SUCCEEDED', output: { text } });

        const { responder: hanging, clientGone } = watched(hang);
        groq.replyOnce(chatPath, hanging);
        const asked = groq.requestsTo(chatPath).length;
        const endless = await first.launch({
          idempotencyKey: 'endless',
          prompt: 'endless',
          mode: 'ASYNC',
        });
        await eventually(
          async () => groq.requestsTo(chatPath).length,
          (count) => count > asked,
        );
        expect(await second.cancel(endless.run!.id)).toMatchObject({
          __typename: 'InferenceCancelled',
          run: { id: endless.run!.id, state: 'CANCELLED' },
        });
        await clientGone;
      });
    },
  );

  test.concurrent(
    'places at the provider and budgets are the database’s word, not a process’s',
    { timeout },
    async () => {
      const settings = { LAUNCH_CONCURRENCY: '3', BUDGET_USD_PER_DAY: '0.01' };
      await withReplicas({ count: 2, settings }, async ({ groq, first, second }) => {
        const places = Promise.withResolvers<void>();
        let inFlight = 0;
        let mostInFlight = 0;
        groq.reply(chatPath, async (request, response) => {
          inFlight += 1;
          mostInFlight = Math.max(mostInFlight, inFlight);
          await places.promise;
          inFlight -= 1;
          await answerInKind(request, response);
        });
        const launch = async (replica: Replica, name: string, more: object = {}) =>
          await replica.launch({ idempotencyKey: name, prompt: name, mode: 'ASYNC', ...more });
        const began = await Promise.all(
          [first, second, first, second, first, second].map((replica, index) =>
            launch(replica, `place-${index}`, { parameters: { maxOutputTokens: 10 } }),
          ),
        );
        // Who finds every place taken, by whichever process, waits for one.
        const states = began.map(({ run }) => run?.state ?? '').sort();
        expect(states).toEqual([...Array(3).fill('QUEUED'), ...Array(3).fill('RUNNING')]);
        places.resolve();
        for (const { run } of began) if (run !== undefined) await first.runIn(run.id, 'SUCCEEDED');
        expect(mostInFlight).toBe(3);

        // Two such launches fit into what is left of the day's budget, whoever reserves first.
        const answers = Promise.withResolvers<void>();
        groq.reply(chatPath, after(answers.promise, answerInKind));
        const parameters = { maxOutputTokens: 7_000 };
        const costly = await Promise.all(
          [first, second, first].map((replica, index) =>
            launch(replica, `costly-${index}`, { parameters }),
          ),
        );
        expect(costly.map(({ code }) => code ?? 'BEGAN').sort()).toEqual([
          'BEGAN',
          'BEGAN',
          'BUDGET_EXCEEDED',
        ]);
        answers.resolve();
        for (const { run } of costly) if (run !== undefined) await first.runIn(run.id, 'SUCCEEDED');
      });
    },
  );
});
