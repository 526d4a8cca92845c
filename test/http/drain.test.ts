import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ask, startTestService } from './test-service.ts';
import type { TestService } from './test-service.ts';
import { get, post, sendRaw, sendRawAll } from './raw-http.ts';

const slow = 'query($id: ID!) { slow(id: $id) }';

/** Asks and reports what came back, or that the connection failed. */
const askSlow = async ({ url }: TestService, id: number): Promise<unknown> =>
  await ask(url, slow, { id: String(id) }).then(
    ({ body }) => body.data,
    (error: unknown) => error,
  );

const readiness = async ({ port }: TestService): Promise<unknown> => {
  const { status, body } = await sendRaw(port, [get('/readyz')]);
  return { status, body: JSON.parse(body) as unknown };
};

const refusesConnections = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });

describe('a drain', () => {
  it('drops none of 50 requests in flight', async () => {
    const test = await startTestService();
    const answers = Array.from({ length: 50 }, async (_, id) => await askSlow(test, id));
    await test.gate.waitFor(50);
    const drained = test.service.drain();
    await expect.poll(async () => await refusesConnections(test.port)).toBe(true);
    test.gate.open();
    expect(await Promise.all(answers)).toEqual(
      Array.from({ length: 50 }, (_, id) => ({ slow: String(id) })),
    );
    await drained;
    expect(test.lines.filter(({ kind }) => kind === 'query')).toHaveLength(50);
  });

  it('says so to readiness at once, stays alive, and serves as before while the delay runs', async () => {
    const test = await startTestService({ drainDelayMs: 2_000 });
    test.health.degraded.push('groq: the key is missing');
    expect(await readiness(test)).toEqual({
      status: 200,
      body: { status: 'ready', degraded: ['groq: the key is missing'] },
    });
    const drained = test.service.drain();
    expect(await readiness(test)).toEqual({
      status: 503,
      body: { status: 'draining', degraded: ['groq: the key is missing'] },
    });
    expect((await sendRaw(test.port, [get('/livez')])).status).toBe(200);
    const answer = await ask(test.url, '{ hello }');
    expect(answer.body).toEqual({ data: { hello: 'world' } });
    expect(answer.headers.get('connection')).toBe('keep-alive');
    await drained;
    expect(await refusesConnections(test.port)).toBe(true);
  });

  it('answers a request that arrives on a kept connection, and asks the client to leave', async () => {
    const test = await startTestService({ idleLingerMs: 5_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const readStatus = async (): Promise<{ status: number | undefined; connection: unknown }> =>
      await new Promise((resolve, reject) => {
        request(new URL('/livez', test.url), { agent }, (response) => {
          response.resume().on('end', () => {
            const { connection } = response.headers;
            resolve({ status: response.statusCode, connection });
          });
        })
          .on('error', reject)
          .end();
      });
    expect(await readStatus()).toEqual({ status: 200, connection: 'keep-alive' });
    const drained = test.service.drain();
    await expect.poll(async () => await refusesConnections(test.port)).toBe(true);
    expect(await readStatus()).toEqual({ status: 200, connection: 'close' });
    await drained;
    agent.destroy();
  });

  it('closes idle connections, so that it ends', async () => {
    const test = await startTestService({ idleLingerMs: 50, keepAliveTimeoutMs: 60_000 });
    const socket = connect({ port: test.port, host: '127.0.0.1' });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.resume().write(get('/livez', { connection: 'keep-alive' }));
    await expect.poll(() => test.lines.some(({ path }) => path === '/livez')).toBe(true);
    await test.service.drain();
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  it('cuts what exceeds the grace period', async () => {
    const test = await startTestService({ drainGraceMs: 200, idleLingerMs: 10 });
    const answer = askSlow(test, 1);
    await test.gate.waitFor(1);
    await test.service.drain();
    expect(await answer).toBeInstanceOf(Error);
    expect(test.lines).toContainEqual(
      expect.objectContaining({ msg: 'drain exceeded its grace period', requestsCut: 1 }),
    );
  });

  it('ends once, however often it is asked, and ends other transports with it', async () => {
    const test = await startTestService({ idleLingerMs: 10 });
    let ended = 0;
    test.service.onDrain(async () => {
      await Promise.resolve();
      ended += 1;
    });
    await Promise.all([test.service.drain(), test.service.drain()]);
    await test.service.drain();
    expect(ended).toBe(1);
  });

  it('answers what was pipelined before it', async () => {
    const test = await startTestService({ idleLingerMs: 10 });
    const one = JSON.stringify({ query: slow, variables: { id: '1' } });
    const answers = sendRawAll(
      test.port,
      [post(one, { connection: 'keep-alive' }), post(one, { connection: 'keep-alive' })],
      2,
    );
    await test.gate.waitFor(2);
    const drained = test.service.drain();
    await expect.poll(async () => await refusesConnections(test.port)).toBe(true);
    test.gate.open();
    expect((await answers).map(({ status }) => status)).toEqual([200, 200]);
    await drained;
  });
});
