import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { describe, expect, it } from 'vitest';

import type { Authenticator } from '../../src/callers/authenticator.ts';
import { Bench, outcome } from './bench.ts';

const token = 'current-router-token';

/** Who is recognised behind a real server by raw header lines: an id, `anonymous`, or the refusal. */
async function recognised(
  authenticator: Authenticator,
  lines: readonly string[],
  joinDuplicateHeaders: boolean,
): Promise<string> {
  const server = createServer({ joinDuplicateHeaders }, (request, response) => {
    void outcome(authenticator, request.headers).then((caller) =>
      response.end(typeof caller === 'string' ? caller : (caller.id ?? 'anonymous')),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const head = ['GET / HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines, '', ''];
  socket.write(head.join('\r\n'), 'latin1');
  const answer = await text(socket);
  server.close();
  return /\r\n\r\n(?:[0-9a-f]+\r\n)?([^\r]*)/.exec(answer)?.[1] ?? answer;
}

describe('a header that is sent twice', () => {
  it('proves no router, whichever of the two is right', async () => {
    await using bench = await Bench.open();
    const authenticator = bench.authenticator({ mode: 'router', routerTokens: () => [token] });
    const right = `X-Router-Token: ${token}`;
    for (const join of [false, true]) {
      expect(await recognised(authenticator, [right, 'X-Caller-Id: a'], join)).toBe('a');
      for (const other of [right, 'X-Router-Token: wrong', 'x-router-token:']) {
        for (const lines of [
          [right, other],
          [other, right],
        ]) {
          expect(await recognised(authenticator, [...lines, 'X-Caller-Id: a'], join)).toBe(
            'UNAUTHENTICATED ROUTER_TOKEN',
          );
        }
      }
    }
  });

  it('names no caller and gives no scope', async () => {
    await using bench = await Bench.open();
    const authenticator = bench.authenticator({ mode: 'router', routerTokens: () => [token] });
    const lines = [`X-Router-Token: ${token}`, 'X-Caller-Id: a', 'X-Caller-Id: b'];
    expect(await recognised(authenticator, lines, false)).toBe('FORBIDDEN CALLER_ID');
  });

  it('is no user’s token where the server joins headers; where it does not, only the first counts', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const first = `Authorization: Bearer ${await bench.issuer.token(key, { sub: 'first' })}`;
    const second = `Authorization: Bearer ${await bench.issuer.token(key, { sub: 'second' })}`;
    expect(await recognised(authenticator, [first, second], true)).toBe(
      'UNAUTHENTICATED TOKEN_MALFORMED',
    );
    expect(await recognised(authenticator, [first, second], false)).toMatch(/:subject:first$/);
    expect(await recognised(authenticator, ['Authorization: Bearer x', second], false)).toBe(
      'UNAUTHENTICATED TOKEN_MALFORMED',
    );
  });
});
