import { expect, it } from 'vitest';

import { ask } from './support/ask.ts';
import { behindEachGateway } from './support/behind-gateways.ts';

const router = {
  token: 'a-token-that-only-gateways-know-01',
  callers: { 'session-of-alice': 'alice', 'session-of-bob': 'bob' },
};

const environment = { AUTH_MODE: 'router', ROUTER_TOKENS: router.token };

behindEachGateway({ router, environment }, (bench) => {
  it('answers nobody who comes past the gateway', async () => {
    for (const query of ['{ providers { id } }', '{ _service { sdl } }', '{ viewer { id } }']) {
      const { status, data, errors } = await ask(bench().market.serviceUrl, query);
      expect(status).toBe(401);
      expect(data ?? null).toBeNull();
      expect(errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    }
  });

  it('knows the caller whom the gateway names, and no other', async () => {
    const viewer = '{ viewer { id } }';
    const asAlice = { authorization: 'Bearer session-of-alice' };
    expect(await bench().data(viewer, {}, asAlice)).toEqual({ viewer: { id: 'alice' } });
    expect(await bench().data(viewer)).toEqual({ viewer: null });
    expect(await bench().data(viewer, {}, { 'x-caller-id': 'alice' })).toEqual({ viewer: null });
  });

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
