import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { get, sendRaw } from './raw-http.ts';
import { startTestService } from './test-service.ts';
import type { TestService } from './test-service.ts';

const browser = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8',
};

const exampleQuery = '# cheapest first\n{ items(first: 3) { nodes { id name } } }';

const filesOfPackage = readdirSync(
  new URL('../static/', import.meta.resolve('ruru/server')),
).filter((name) => !name.endsWith('.map'));

describe('the explorer', () => {
  let test: TestService;
  let html: string;
  let staticPath: string;

  beforeAll(async () => {
    test = await startTestService({ explorer: { exampleQuery } });
    const response = await fetch(test.url, { headers: browser });
    html = await response.text();
    staticPath = /"staticPath": "([^"]+)"/.exec(html)?.[1] ?? '';
  });
  afterAll(async () => {
    await test.service.close();
  });

  it('is what a browser finds at /graphql', async () => {
    const response = await fetch(test.url, { headers: browser });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).toContain('<title>GPUBROKER explorer</title>');
  });

  it('opens on the example query and asks this service', () => {
    expect(html).toContain(JSON.stringify(exampleQuery));
    expect(html).toContain('"endpoint": "/graphql"');
  });

  it('names no other host', () => {
    expect(html).not.toMatch(/(?:https?:)?\/\/[a-z\d-]+(?:\.[a-z\d-]+)+/i);
    const references = [...html.matchAll(/(?:href|src)="([^"]*)"|from "([^"]*)"/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    expect(references.length).toBeGreaterThan(1);
    const withoutIcon = references.filter((reference) => reference !== 'data:,');
    for (const reference of withoutIcon) expect(reference.startsWith(staticPath)).toBe(true);
  });

  it('may load and connect to nothing but this service', async () => {
    const { headers } = await fetch(test.url, { headers: browser });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
  });

  it('serves every file of its own, and none of its source maps', async () => {
    expect(filesOfPackage.length).toBeGreaterThan(50);
    const answers = await Promise.all(
      filesOfPackage.map(async (name) => {
        const response = await fetch(new URL(staticPath + name, test.url));
        return { name, status: response.status, bytes: (await response.arrayBuffer()).byteLength };
      }),
    );
    expect(answers.filter(({ status, bytes }) => status !== 200 || bytes === 0)).toEqual([]);
    const map = await fetch(new URL(`${staticPath}ruru.js.map`, test.url));
    expect(map.status).toBe(404);
  });

  it('gives scripts a type, a lifetime and a validator that browsers can use', async () => {
    const target = `${staticPath}ruru.js`;
    const answer = await fetch(new URL(target, test.url));
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const etag = answer.headers.get('etag') ?? '';
    const again = await sendRaw(test.port, [get(target, { 'if-none-match': etag })]);
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  it('sends compressed files to those who take them, plain ones to the rest', async () => {
    const target = new URL(`${staticPath}ruru.css`, test.url).pathname;
    const plain = await sendRaw(test.port, [get(target)]);
    const compressed = await fetch(new URL(target, test.url), {
      headers: { 'accept-encoding': 'br' },
    });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(compressed.headers.get('content-encoding')).toBe('br');
    expect(await compressed.text()).toBe(plain.body);
  });

  it('leaves programs alone: what asks for JSON, or for anything, gets GraphQL', async () => {
    for (const accept of ['application/json', '*/*', 'application/json, text/html;q=0.9']) {
      const response = await fetch(`${test.url}?query={hello}`, {
        headers: { accept, 'apollo-require-preflight': 'true' },
      });
      expect(await response.json()).toEqual({ data: { hello: 'world' } });
    }
  });

  it('answers HEAD like GET, without the page', async () => {
    const response = await fetch(test.url, { method: 'HEAD', headers: browser });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe('');
  });

  it('puts variables beside the example when there are some', async () => {
    const exampleVariables = '{ "first": 3 }';
    const other = await startTestService({ explorer: { exampleQuery, exampleVariables } });
    const page = await (await fetch(other.url, { headers: browser })).text();
    await other.service.close();
    expect(page).toContain(`"initialVariables": ${JSON.stringify(exampleVariables)}`);
  });

  it('cannot be broken out of by its example', async () => {
    const other = await startTestService({
      explorer: { exampleQuery: '</script><script>alert(1)</script>' },
    });
    const page = await (await fetch(other.url, { headers: browser })).text();
    await other.service.close();
    expect(page).not.toContain('</script><script>alert(1)');
  });

  it('does not exist when it is off', async () => {
    const other = await startTestService();
    const page = await fetch(other.url, { headers: browser });
    const file = await fetch(new URL(`${staticPath}ruru.js`, other.url));
    await other.service.close();
    expect(page.status).toBe(400);
    expect(page.headers.get('content-type')).toMatch(/^application\/json/);
    expect(file.status).toBe(404);
  });
});
