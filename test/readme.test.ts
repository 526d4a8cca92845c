import { readFileSync, readdirSync } from 'node:fs';

import { parse, validate } from 'graphql';
import { expect, it } from 'vitest';

import { readConfig } from '../src/config.ts';
import { createSchema } from '../src/graphql/schema.ts';
import { startService, withKey } from './support/service.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The contents of fenced blocks of a language, in their order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, content = '']) => content,
  );
}

/** The words of a shell command without variables: bare ones, and what stands between single quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** What `curl -G` sends for the command, to another address. */
async function asCurl(command: string, origin: string): Promise<unknown> {
  const [program, ...rest] = words(command);
  expect(program).toBe('curl');
  const headers = new Headers({ accept: '*/*' });
  let url: URL | undefined;
  for (let position = 0; position < rest.length; position += 1) {
    const word = rest[position] ?? '';
    if (word === '-s' || word === '-G') continue;
    if (word.startsWith('http://')) {
      url = new URL(new URL(word).pathname, origin);
      continue;
    }
    position += 1;
    const value = rest[position] ?? '';
    if (word === '-H') headers.set(...(value.split(': ', 2) as [string, string]));
    else if (word === '--data-urlencode') url?.searchParams.set(...splitOnce(value, '='));
    else throw new Error(`What curl does with ${word} is not known here`);
  }
  const response = await fetch(url ?? '', { headers });
  expect(response.status).toBe(200);
  return await response.json();
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

it("answers the README's first query, as it stands there, with the answer printed there", async () => {
  const command = blocks('').find((content) => content.startsWith('curl '));
  const [answer = ''] = blocks('json');
  const service = await startService();
  await service.until<{ provider: { status: { state: string } } }>(
    '{ provider(id: "groq") { status { state } } }',
    ({ provider }) => provider.status.state === 'UNCONFIGURED',
  );
  expect(await asCurl(command ?? '', service.url)).toEqual(JSON.parse(answer));
});

it("launches with the README's mutation, as it stands there, for the receipt printed there", async () => {
  const mutation = blocks('graphql').find((content) => content.includes('launchInference('));
  const [, receipt = ''] = blocks('json');
  const service = await startService(withKey, {
    groq: (server) => {
      server.replay('models-list-2026-10-02-with-pricing');
      server.replay('chat-service-tier-on-demand');
    },
  });
  await service.until<{ provider: { status: { state: string } } }>(
    '{ provider(id: "groq") { status { state } } }',
    ({ provider }) => provider.status.state === 'READY',
  );
  const launch = async () => await service.query<LaunchedAnswer>(mutation ?? '');
  const { data } = await launch();
  const run = data?.launchInference.run;
  expect(run?.id).toMatch(/^run_/);
  expect(run?.timing).toMatchObject({
    totalMs: expect.any(Number) as number,
    overheadMs: expect.any(Number) as number,
  });
  // What differs from run to run stands there as it was once.
  const printed = JSON.parse(receipt) as { readonly data: LaunchedAnswer };
  const { id, timing } = printed.data.launchInference.run;
  const { totalMs, overheadMs } = timing;
  expect({
    data: {
      launchInference: {
        ...data?.launchInference,
        run: { ...run, id, timing: { ...run?.timing, totalMs, overheadMs } },
      },
    },
  }).toEqual(printed);
  const again = await launch();
  expect(again.data?.launchInference).toEqual({ ...data?.launchInference, replayed: true });
  expect(service.groq.requestsTo('/openai/v1/chat/completions')).toHaveLength(1);
});

it('prints only documents that the schema takes', () => {
  const schema = createSchema(new URL('../schema.graphql', import.meta.url), {
    authDirectives: false,
  });
  const documents = blocks('graphql');
  expect(documents.length).toBeGreaterThan(1);
  for (const document of documents) expect(validate(schema, parse(document))).toEqual([]);
});

interface LaunchedAnswer {
  readonly launchInference: {
    readonly replayed: boolean;
    readonly run: {
      readonly id: string;
      readonly timing: Readonly<Record<string, number | null>>;
    };
  };
}

it('names, with the pages under docs, every setting that is read', () => {
  const names = new Set<string>();
  const readWith = (environment: Readonly<Record<string, string>>) =>
    readConfig(
      new Proxy(environment, {
        get: (given, name: string) => {
          names.add(name);
          return given[name];
        },
      }),
    );
  readWith({});
  const vault = 'https://vault.example';
  readWith({ VAULT_ADDR: vault, VAULT_TOKEN: 't' });
  readWith({ VAULT_ADDR: vault, VAULT_K8S_ROLE: 'r' });
  readWith({ VAULT_ADDR: vault, VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' });
  const docs = new URL('../docs/', import.meta.url);
  const pages = readdirSync(docs)
    .filter((file) => file.endsWith('.md'))
    .map((file) => readFileSync(new URL(file, docs), 'utf8'));
  const written = [readme, ...pages].join('\n');
  expect(names.size).toBeGreaterThan(50);
  // The two ways to give a value are written as `NAME`, also as `…_FILE`.
  const settings = [...names].map((name) => name.replace(/_FILE$/, ''));
  expect(settings.filter((name) => !written.includes(name))).toEqual([]);
});
