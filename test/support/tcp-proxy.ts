import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between clients and a server on loopback and cuts connections when a test says so. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isAway = false;
  #swallowsOn: string | undefined;
  #swallowed = 0;
  #cutOn: ((fromClient: Buffer) => 'BEFORE' | 'AFTER' | undefined) | undefined;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      if (this.#isAway) {
        client.destroy();
        return;
      }
      let swallows = false;
      const server = connect(Number(target.port), target.hostname);
      const cut = () => {
        client.destroy();
        server.destroy();
      };
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on('error', cut).on('close', () => {
          cut();
          this.#sockets.delete(socket);
        });
      }
      client.on('data', (bytes) => {
        if (this.#swallowsOn !== undefined && bytes.includes(this.#swallowsOn)) {
          swallows = true;
          this.#swallowed += 1;
        }
        if (swallows) return;
        const verdict = this.#cutOn?.(bytes);
        if (verdict !== undefined) this.#cutOn = undefined;
        if (verdict === 'BEFORE') return cut();
        server.write(bytes);
        // The server has the bytes and answers; the client never sees it.
        if (verdict === 'AFTER') server.removeAllListeners('data').once('data', cut);
      });
      server.on('data', (bytes) => client.write(bytes));
    });
  }

  static async before(url: string): Promise<{ proxy: TcpProxy; url: string }> {
    const target = new URL(url);
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = proxy.#server.address() as AddressInfo;
    const proxied = new URL(url);
    proxied.host = `127.0.0.1:${port}`;
    return { proxy, url: proxied.href };
  }

  /** Cuts once, when a client sends this text: before the server gets it, or after it has answered. */
  cutOnce(text: string, when: 'BEFORE' | 'AFTER'): void {
    this.#cutOn = (bytes) => (bytes.includes(text) ? when : undefined);
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts once, before the server gets the message of this number among those that clients send from now on. */
  cutAtMessage(number: number): { readonly isCut: boolean } {
    let messages = 0;
    this.#cutOn = () => {
      messages += 1;
      return messages === number ? 'BEFORE' : undefined;
    };
    return {
      get isCut() {
        return messages >= number;
      },
    };
  }

  /**
   * Loses what a client sends from this text on, as a network does that swallows packets, and keeps the
   * connection. Without a text, nothing is lost on new connections any more.
   */
  swallowFrom(text: string | undefined): void {
    this.#swallowsOn = text;
  }

  /** How often {@link swallowFrom}'s text came. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /** Cuts one connection of those that are open, by a number from 0 up to 1. */
  cutOneOf(choice: number): void {
    const open = [...this.#sockets];
    open[Math.floor(choice * open.length)]?.destroy();
  }

  /** The server is gone: every connection is cut, and every new one at once, until {@link comeBack}. */
  goAway(): void {
    this.#isAway = true;
    this.cutAll();
  }

  comeBack(): void {
    this.#isAway = false;
  }

  async stop(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
