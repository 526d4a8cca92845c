import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { failureOfAnswer, isRecord, VaultFailureError } from './vault-failure.ts';
import type { VaultOptions } from './vault-options.ts';

/** What node-vault hands over for one call. */
export interface NodeVaultRequest {
  readonly method: string;
  readonly uri: string;
  /** Path below the API version, e.g. `/secret/data/groq/api_key`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, where it is an object. */
  readonly json?: unknown;
}

/** What node-vault expects back. */
export interface NodeVaultResponse {
  readonly statusCode: number;
  readonly body: unknown;
  readonly request: { readonly path: string };
}

/**
 * One exchange with Vault: a deadline for the whole of it, a cap on the body, our own authorities, no
 * proxy of the environment, no hidden retry, and at most one redirect. It stands where node-vault has
 * axios, which guards none of these and puts the token into its errors.
 */
export class VaultTransport {
  readonly #options: VaultOptions;
  readonly #address: URL;
  readonly #stopped = new AbortController();
  #agent: Promise<Agent> | undefined;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#address = new URL(options.address);
  }

  /**
   * Sends one request, follows one hop of a standby, and gives Vault's success.
   *
   * @throws VaultFailureError for everything else.
   */
  async exchange(call: NodeVaultRequest): Promise<NodeVaultResponse> {
    const deadline = AbortSignal.timeout(this.#options.timeoutMs);
    const signal = AbortSignal.any([deadline, this.#stopped.signal]);
    try {
      const url = new URL(call.uri);
      let answer = await this.#send(url, call, signal);
      if (answer.status === 307) {
        answer = await this.#send(this.#standbyTarget(url, answer.location), call, signal);
        if (answer.status === 307) throw unreachable('Vault redirected a redirected request');
      }
      const body = parseJson(answer.text);
      if (answer.status !== 200 && answer.status !== 204) {
        throw new VaultFailureError(failureOfAnswer(answer.status, body, answer.retryAfter));
      }
      if (answer.status === 200 && !isRecord(body)) {
        throw unreachable('something in front of Vault answered in its place (HTTP 200)');
      }
      return { statusCode: answer.status, body, request: { path: url.pathname } };
    } catch (error) {
      throw this.#described(error, deadline);
    }
  }

  /** Cuts what is under way and closes the connections. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#closeAgent();
  }

  async #send(url: URL, call: NodeVaultRequest, signal: AbortSignal): Promise<RawAnswer> {
    this.#agent ??= this.#openAgent();
    const agent = await this.#agent;
    const hasBody = typeof call.json === 'object' && call.json !== null;
    const response = await request(url, {
      dispatcher: agent,
      method: call.method,
      headers: {
        ...call.headers,
        accept: 'application/json',
        'x-vault-request': 'true',
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
      },
      body: hasBody ? JSON.stringify(call.json) : null,
      signal,
    });
    return {
      status: response.statusCode,
      location: single(response.headers['location']),
      retryAfter: single(response.headers['retry-after']),
      text: await boundedText(response.body, this.#options.maxBodyBytes),
    };
  }

  /**
   * Where a standby sends us: the same request at the active node. The token goes along, so that the
   * scheme, the path and the host are held to what Vault itself would name.
   */
  #standbyTarget(from: URL, location: string | undefined): URL {
    const target = location === undefined ? null : URL.parse(location, from.href);
    if (target === null) throw unreachable('Vault redirected to nowhere');
    if (target.protocol !== from.protocol) {
      throw unreachable('Vault redirected to another scheme, which is not followed');
    }
    if (target.username !== '' || target.password !== '') {
      throw unreachable('Vault redirected to an address with credentials, which is not followed');
    }
    const versioned = from.pathname.slice(this.#address.pathname.replace(/\/$/, '').length);
    if (!target.pathname.endsWith(versioned) || target.search !== from.search) {
      throw unreachable('Vault redirected to another path, which is not followed');
    }
    const vouchedFor = this.#options.caCertPath !== undefined && target.protocol === 'https:';
    const named = [this.#address.hostname, ...(this.#options.redirectHosts ?? [])];
    if (!vouchedFor && !named.includes(target.hostname)) {
      throw unreachable(
        `Vault redirected to the host ${target.hostname}, which is not among the allowed ones`,
      );
    }
    return target;
  }

  /** Explicit, so that neither a proxy nor a switch of the environment that stops checking certificates has a say. */
  async #openAgent(): Promise<Agent> {
    const path = this.#options.caCertPath;
    const ca = path === undefined ? {} : { ca: await readAuthorities(path) };
    return new Agent({
      allowH2: false,
      connections: 8,
      connect: { ...ca, rejectUnauthorized: true, timeout: this.#options.timeoutMs },
    });
  }

  async #closeAgent(): Promise<void> {
    const opening = this.#agent;
    this.#agent = undefined;
    try {
      const agent = await opening;
      await agent?.destroy();
    } catch {
      // It never opened, which the call that wanted it has reported.
    }
  }

  /** Turns whatever went wrong into a failure of ours; the original is dropped, since it may hold headers. */
  #described(error: unknown, deadline: AbortSignal): VaultFailureError {
    if (error instanceof VaultFailureError) {
      // A file that could not be read is tried again at the next call.
      if (error.failure.kind === 'UNCONFIGURED') this.#agent = undefined;
      return error;
    }
    if (this.#stopped.signal.aborted) return unreachable('the secret store is stopped');
    const where = `Vault at ${this.#address.origin}`;
    if (deadline.aborted) {
      return unreachable(`${where} gave no whole answer within ${this.#options.timeoutMs} ms`);
    }
    const code = codeOf(error);
    if (/CERT|TLS|SSL|SIGN/.test(code)) {
      // The authorities may have been replaced on disk: the next call reads them anew.
      void this.#closeAgent();
      return unreachable(`${where} can't prove who it is (${code})`);
    }
    return unreachable(`${where} can't be reached (${code})`);
  }
}

interface RawAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

async function boundedText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw unreachable(`Vault's answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readAuthorities(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw unconfigured(`the file of certificate authorities can't be read (${codeOf(error)})`);
  }
  // Node takes text without a certificate for an empty list and then blames every server.
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw unconfigured('the file of certificate authorities holds no PEM certificate');
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** The machine-readable code of an error, its message never: that may quote what was sent. */
export function codeOf(error: unknown): string {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'no code';
}

function unreachable(reason: string): VaultFailureError {
  return new VaultFailureError({ kind: 'UNREACHABLE', reason });
}

function unconfigured(reason: string): VaultFailureError {
  return new VaultFailureError({ kind: 'UNCONFIGURED', reason });
}
