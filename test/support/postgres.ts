import { randomBytes } from 'node:crypto';

import { Client } from 'pg';
import { inject } from 'vitest';

/** Why there is no PostgreSQL to test with, for `describe.skipIf`; the run has said so aloud. */
export const postgresSkippedBecause = reasonOf(inject('postgres'));

/** An empty database of a test's own on the run's PostgreSQL server. */
export interface TestDatabase {
  readonly url: string;
  /** Runs a statement as the administrator, inside this database. */
  readonly administer: (statement: string) => Promise<unknown[]>;
  readonly drop: () => Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = await askBroker();
  const name = `gpubroker_test_${randomBytes(6).toString('hex')}`;
  await runAt(serverUrl, 'postgres', `create database ${name} encoding 'UTF8' template template0`);
  return {
    url: urlOf(serverUrl, name),
    administer: (statement) => runAt(serverUrl, name, statement),
    drop: async () => {
      await runAt(serverUrl, 'postgres', `drop database ${name} with (force)`);
    },
  };
}

async function askBroker(): Promise<string> {
  const given = inject('postgres');
  if ('skippedBecause' in given) throw new Error(given.skippedBecause);
  const response = await fetch(given.broker);
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer;
}

async function runAt(serverUrl: string, database: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: urlOf(serverUrl, database) });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

function reasonOf(given: ReturnType<typeof inject<'postgres'>>): string | undefined {
  return 'skippedBecause' in given ? given.skippedBecause : undefined;
}
