import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';

import type { Clock } from '../../src/domain/clock.ts';

/** How the issuer's key address answers. */
export type Weather = 'fair' | ((response: ServerResponse) => void);

export interface IssuedKey {
  readonly kid: string | undefined;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** A loopback issuer of tokens: real keys, real signatures, and an address that publishes the public ones. */
export class Issuer implements AsyncDisposable {
  readonly name = 'https://issuer.example/';
  readonly audience = 'gpubroker';
  /** What was asked of the key address, in order. */
  readonly requests: string[] = [];
  /** The keys that are published. */
  readonly keys: IssuedKey[] = [];
  weather: Weather = 'fair';
  readonly #server: Server;
  readonly #clock: Pick<Clock, 'now'>;

  private constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#server = createServer((request, response) => {
      this.requests.push(request.url ?? '');
      if (this.weather === 'fair') this.publish(response);
      else this.weather(response);
    });
  }

  static async open(clock: Pick<Clock, 'now'>): Promise<Issuer> {
    const issuer = new Issuer(clock);
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get jwksUrl(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/keys`;
  }

  publish(response: ServerResponse): void {
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
  }

  /** Makes a key and publishes it. */
  async addKey(kid: string | undefined, alg = 'ES256'): Promise<IssuedKey> {
    const key = await makeKey(kid, alg);
    this.keys.push(key);
    return key;
  }

  withdraw(key: IssuedKey): void {
    this.keys.splice(this.keys.indexOf(key), 1);
  }

  /** Claims of a good token, valid for ten minutes; `undefined` leaves one out. */
  claims(changes: Readonly<Record<string, unknown>> = {}): JWTPayload {
    const nowSeconds = Math.floor(this.#clock.now() / 1000);
    const claims: Record<string, unknown> = {
      iss: this.name,
      aud: this.audience,
      sub: 'user-1',
      iat: nowSeconds,
      exp: nowSeconds + 600,
      scope: 'openid inference:launch inference:read',
      ...changes,
    };
    return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  }

  /** A token signed by a key, with claims and header as they are or changed. */
  async token(
    key: IssuedKey,
    changes: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { kid, alg, privateKey } = key;
    return await new SignJWT(this.claims(changes))
      .setProtectedHeader({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }), ...header })
      .sign(privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** A key pair with the public half as it would be published. */
export async function makeKey(kid: string | undefined, alg = 'ES256'): Promise<IssuedKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    kid,
    alg,
    privateKey,
    publicKey,
    jwk: { ...jwk, alg, use: 'sig', ...(kid === undefined ? {} : { kid }) },
  };
}
