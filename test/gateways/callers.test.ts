import { expect, it } from 'vitest';

import { behindEachGateway } from './support/behind-gateways.ts';

const router = {
  token: 'a-token-that-only-gateways-know-01',
  callers: { 'session-of-alice': 'alice', 'session-of-bob': 'bob' },
};

behindEachGateway({ router }, (bench) => {
  it('hears from the gateway who it is and for whom it asks', async () => {
    await bench().ask('{ providers { id } }', {}, { authorization: 'Bearer session-of-alice' });
    expect(bench().market.tap.requests).toMatchObject([
      { headers: { 'x-router-token': router.token, 'x-caller-id': 'alice' } },
    ]);
  });

  it('hears of no caller where the gateway knows none', async () => {
    await bench().ask('{ providers { id } }', {}, { authorization: 'Bearer somebody' });
    const [request] = bench().market.tap.requests;
    expect(request?.headers['x-router-token']).toBe(router.token);
    expect(request?.headers).not.toHaveProperty('x-caller-id');
  });

  it('hears nothing of what a client says of itself', async () => {
    await bench().ask(
      '{ providers { id } }',
      {},
      {
        authorization: 'Bearer session-of-bob',
        'x-caller-id': 'alice',
        'x-router-token': 'made up',
      },
    );
    expect(bench().market.tap.requests).toMatchObject([
      { headers: { 'x-router-token': router.token, 'x-caller-id': 'bob' } },
    ]);
  });

  it('hears the request id of the client', async () => {
    await bench().ask('{ providers { id } }', {}, { 'x-request-id': 'request-1' });
    expect(bench().market.tap.requests[0]?.headers['x-request-id']).toBe('request-1');
  });
});
