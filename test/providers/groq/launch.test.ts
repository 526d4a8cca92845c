import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { hang, hangUp, html, respondTo } from '../../support/groq-responders.ts';
import { describeLaunchContract } from '../../support/launch-contract.ts';
import {
  chatPath,
  type LaunchBench,
  question,
  startLaunchBench,
  wideLimits,
} from '../../support/launches.ts';
import { TestKeys } from '../../support/api-keys.ts';
import { recordedExchange } from '../../support/recorded-exchanges.ts';

describeLaunchContract('GroqAdapter', async () => {
  const bench = await startLaunchBench();
  const whole = respondTo(recordedExchange('chat-plain-llama-3.1-8b-2025-11'));
  const stream = respondTo(recordedExchange('chat-stream-llama-3.3-70b'));
  return {
    provider: bench.adapter(),
    payload: question,
    secret: bench.key,
    answerWell() {
      bench.groq.reply(chatPath, (request, response) => {
        const { stream: isStream } = request.json as { stream?: boolean };
        return (isStream === true ? stream : whole)(request, response);
      });
    },
    answerGarbage: () => bench.groq.reply(chatPath, html()),
    hang: () => bench.groq.reply(chatPath, hang),
    hangUp: () => bench.groq.reply(chatPath, hangUp),
    leave: () => bench.groq.close(),
    acceptKey: (secret) => bench.groq.acceptKeys(secret),
    rotateOnRefusal: (secret) => bench.keys.rotateOnRefusal(secret),
    takeKeyAway: (reason) => bench.keys.takeAway(reason),
    requestCount: () => bench.groq.requests.length,
    waitForRequests: (count) => bench.groq.waitForRequests(count),
    stop: () => bench.stop(),
  };
});

describe('the key of a launch', () => {
  let bench: LaunchBench;

  beforeEach(async () => {
    bench = await startLaunchBench();
  });

  afterEach(async () => {
    await bench.stop();
  });

  const options = { stream: false, signal: new AbortController().signal, limits: wideLimits };

  it('goes as a bearer, with nothing of it elsewhere in the request', async () => {
    bench.groq.replay('chat-plain-llama-3.1-8b-2025-11');
    await bench.launch();
    const [request] = bench.groq.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${bench.key}`);
    expect(request?.method).toBe('POST');
    expect(`${request?.path}${request?.body}`).not.toContain(bench.key);
  });

  it('is not renewed before one was refused, nor after refusals that are not for the key', async () => {
    const adapter = bench.adapter();
    bench.keys.rotateOnRefusal('gsk_newer');
    expect(await adapter.renewKey()).toBe(false);
    bench.groq.replay('error-403-model-permission-project');
    await adapter.launchInference(question, options);
    bench.groq.replay('error-429-tpm-gemma2-9b');
    await adapter.launchInference(question, options);
    expect(await adapter.renewKey()).toBe(false);
    expect(bench.keys.refusals).toBe(0);
  });

  it('that was refused is the one that a newer one is looked for', async () => {
    const adapter = bench.adapter();
    bench.groq.acceptKeys('gsk_third');
    bench.keys.rotateOnRefusal('gsk_second');
    await adapter.launchInference(question, options);
    expect(await adapter.renewKey()).toBe(true);
    // The second key is refused too, and it is the newest that there is.
    await adapter.launchInference(question, options);
    expect(await adapter.renewKey()).toBe(false);
    expect(bench.groq.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${bench.key}`,
      'Bearer gsk_second',
    ]);
  });

  it('that no header can carry is as good as none', async () => {
    const adapter = bench.adapter({ keys: new TestKeys('gsk_a\r\nx: b') });
    const outcome = await adapter.launchInference(question, options);
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'UNCONFIGURED', execution: 'NOT_SENT' },
    });
    expect(JSON.stringify(outcome)).not.toContain('gsk_a');
    expect(bench.groq.requests).toEqual([]);
  });
});
