import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./store-child.ts', import.meta.url));

/** A running `store-child.ts` and the lines that it has printed. */
export class StoreProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onLine: () => void = () => undefined;

  constructor(mode: 'hold' | 'write', dataDir: string, firstSlot = 0) {
    this.#child = spawn(process.execPath, [script, mode, dataDir, String(firstSlot)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('The output is not piped');
    const lines = createInterface(stdout);
    lines.on('line', (line) => {
      this.lines.push(line);
      this.#onLine();
    });
    this.#ended = once(lines, 'close');
  }

  /** Resolves once so many lines were printed, or the process has ended. */
  async printed(count: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#onLine = () => {
        if (this.lines.length >= count) resolve();
      };
      this.#onLine();
    });
    await Promise.race([enough, this.#ended]);
  }

  /** Kills as a power cut would, and resolves once everything printed before was read. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
