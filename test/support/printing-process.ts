import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A running script of this folder and the lines that it has printed. */
export class PrintingProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onLine: () => void = () => undefined;

  constructor(script: string, ...parameters: readonly string[]) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = spawn(process.execPath, [path, ...parameters], {
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
