import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where the loopback provider is that every contender reads its rows from. */
export const groqUrl = process.env['GROQ_BASE_URL'] ?? '';

/** Tells the process that started this one where it listens, in the words of the service's own log. */
export function listening(url: string): void {
  process.stderr.write(`${JSON.stringify({ msg: 'listening', url })}\n`);
}

export async function listenOn(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  listening(`http://127.0.0.1:${port}/graphql`);
}
