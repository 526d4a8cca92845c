import type { IncomingMessage } from 'node:http';

import { refusal } from './answers.ts';
import type { HttpAnswer } from './answers.ts';

/** The host names under which the service is served. */
export class AllowedHosts {
  readonly #names: ReadonlySet<string> | undefined;
  /** The `host` header that was accepted last, as it was sent; nearly every request brings the same. */
  #accepted: string | undefined;

  /** @param names - in lower case and without ports; undefined for any. */
  constructor(names: readonly string[] | undefined) {
    this.#names = names === undefined ? undefined : new Set(names);
  }

  /** Refuses a request that does not name such a host. */
  refusal({ headers, httpVersion }: IncomingMessage): HttpAnswer | undefined {
    const { host } = headers;
    if (host === undefined && httpVersion === '1.1') {
      return refusal('MISSING_HOST', 'The request has to name its host.');
    }
    if (this.#names === undefined || (host !== undefined && host === this.#accepted)) {
      return undefined;
    }
    const name = host?.replace(/:\d+$/, '').toLowerCase();
    if (name === undefined || !this.#names.has(name)) {
      return refusal('HOST_NOT_ALLOWED', 'This service is not served under that host name.');
    }
    this.#accepted = host;
    return undefined;
  }
}
