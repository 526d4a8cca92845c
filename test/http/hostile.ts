import { afterAll, beforeAll, expect, it } from 'vitest';
import { post, sendRaw } from './raw-http.ts';
import type { RawStep } from './raw-http.ts';
import { startTestService } from './test-service.ts';
import type { AnswerBody, TestService } from './test-service.ts';

export interface HostileCase {
  readonly title: string;
  readonly send: readonly RawStep[];
  readonly status: number;
  readonly code: string;
}

export const operation = (
  query: unknown,
  variables?: unknown,
  more: Readonly<Record<string, unknown>> = {},
): string => JSON.stringify({ query, variables, ...more });

/** An operation that must be refused for what it asks. */
export const asks = (
  title: string,
  code: string,
  query: string,
  variables?: unknown,
  more?: Readonly<Record<string, unknown>>,
): HostileCase => ({ title, send: [post(operation(query, variables, more))], status: 400, code });

/** A body that must be refused for what it is. */
export const sends = (
  title: string,
  status: number,
  code: string,
  body: string | Buffer,
  headers?: Readonly<Record<string, string>>,
): HostileCase => ({ title, send: [post(body, headers)], status, code });

/** Bytes that must be refused as a request. */
export const writes = (
  title: string,
  status: number,
  code: string,
  ...send: readonly RawStep[]
): HostileCase => ({ title, send, status, code });

/** Runs groups of hostile cases against a server that gives up on slow requests quickly. */
export function refuseAll(groups: Readonly<Record<string, readonly HostileCase[]>>): void {
  let test: TestService;
  beforeAll(async () => {
    test = await startTestService({
      explorer: { exampleQuery: '{ hello }' },
      headersTimeoutMs: 400,
      requestTimeoutMs: 600,
    });
  });
  afterAll(async () => {
    await test.service.close();
  });

  for (const [group, cases] of Object.entries(groups)) {
    it.each(cases)(`${group}: $title`, async ({ send, status, code }) => {
      const answer = await sendRaw(test.port, send);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      const body = JSON.parse(answer.body) as AnswerBody;
      expect(body.errors?.map(({ extensions }) => extensions['code'])).toContain(code);
      expect(answer.status).toBe(status);
      expect(body).not.toHaveProperty('data');
      expect(answer.body.length).toBeLessThan(10_000);
      expect(answer.body).not.toMatch(/node_modules|\.ts:|Did you mean/);
    });
  }

  it('leaves the service as it was: nothing ran, nothing is held, prototypes are clean', async () => {
    expect(test.gate.arrived).toBe(0);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const answer = await sendRaw(test.port, [post(operation('{ hello }'))]);
    expect(JSON.parse(answer.body)).toEqual({ data: { hello: 'world' } });
  });
}
