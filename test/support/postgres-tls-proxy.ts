import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** The authority that signed the proxy's certificate, which proves 127.0.0.1 and localhost. */
export const authorityPath = fixture('authority.pem');

export interface PostgresTlsProxy {
  readonly url: string;
  /** Connections that finished their handshake. */
  readonly secured: () => number;
  readonly stop: () => Promise<void>;
}

/** A PostgreSQL server that speaks TLS: ends it, and passes everything on to a server that need not. */
export async function startPostgresTlsProxy(url: string): Promise<PostgresTlsProxy> {
  const target = new URL(url);
  const key = await readFile(fixture('server-key.pem'));
  const cert = await readFile(fixture('server.pem'));
  let securedConnections = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    // The client's first message asks for TLS; see "SSL Session Encryption" of the protocol.
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, key, cert });
      const behind = connect(Number(target.port), target.hostname);
      secure.on('secure', () => {
        securedConnections += 1;
      });
      secure.on('error', () => behind.destroy()).on('close', () => behind.destroy());
      behind.on('error', () => secure.destroy()).on('close', () => secure.destroy());
      secure.pipe(behind).pipe(secure);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${port}`;
  return {
    url: proxied.href,
    secured: () => securedConnections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
