import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it, onTestFinished } from 'vitest';

import { createLog } from '../src/service-log.ts';
import { StoreError } from '../src/store/store-error.ts';

function logging(fieldsOfNow?: () => object) {
  const lines: string[] = [];
  const log = createLog('info', fieldsOfNow, { write: (line: string) => lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe("the service's log", () => {
  it('says what an error was and what was behind it', () => {
    const { log, last } = logging();
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432');
    log.warn({ error: new StoreError('DATABASE_UNREACHABLE', 'No database', cause) }, 'failed');
    expect(last()).toMatchObject({
      msg: 'failed',
      error: {
        type: 'StoreError',
        message: 'No database',
        cause: { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:5432' },
      },
    });
  });

  it('writes neither keys in messages nor what a library put on its error', () => {
    const { log, lines } = logging();
    const error = Object.assign(new Error('refused gsk_0123456789 of org_0123456789'), {
      options: { headers: { authorization: 'private' } },
      detail: 'Key (caller)=(somebody) exists',
    });
    log.error({ error }, 'failed');
    expect(lines[0]).toContain('refused [redacted] of [redacted]');
    expect(lines[0]).not.toMatch(/gsk_|org_|private|somebody/);
  });

  it('leaves what was put into words already as it is', () => {
    const { log, last } = logging();
    log.error({ error: { type: 'Error', message: 'in words' } }, 'failed');
    expect(last()['error']).toEqual({ type: 'Error', message: 'in words' });
  });

  it("adds the fields of the moment, under the line's own", () => {
    const { log, last } = logging(() => ({ traceId: 'of the moment' }));
    log.info('without');
    expect(last()['traceId']).toBe('of the moment');
    log.info({ traceId: 'of its own' }, 'with');
    expect(last()['traceId']).toBe('of its own');
  });
});

/** What a process says that logs by this code and ends. */
function outputOf(code: string): {
  readonly lines: readonly string[];
  readonly status: number | null;
} {
  const source = new URL('../src/service-log.ts', import.meta.url).href;
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createLog } from '${source}'; const log = createLog('info'); ${code}`,
    ],
    { encoding: 'utf8' },
  );
  return { lines: stdout.split('\n').filter((line) => line !== ''), status };
}

describe('lines that are written many at once', () => {
  it('all come out, in their order, when the process ends by itself', () => {
    const { lines } = outputOf("for (let i = 0; i < 5000; i += 1) log.info({ i }, 'line');");
    const numbers = lines.map((line) => (JSON.parse(line) as { i: number }).i);
    expect(numbers).toEqual(Array.from({ length: 5000 }, (_, index) => index));
  });

  it('come out before an exit that waits for nothing', () => {
    const { lines, status } = outputOf("log.info('one'); log.info('two'); process.exit(3);");
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['one', 'two']);
    expect(status).toBe(3);
  });

  it('come out before a fault that nobody catches ends the process', () => {
    const { lines } = outputOf("log.info('before'); throw new Error('nobody catches this');");
    expect(lines).toHaveLength(1);
  });

  it('do not wait with a warning or an error behind them', () => {
    const { lines } = outputOf(
      "log.info('before'); log.error('bad'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000);",
    );
    expect(lines).toHaveLength(2);
  });

  it('wait for a moment at most', () => {
    const { lines } = outputOf(
      "log.info('alone'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000);",
    );
    expect(lines).toHaveLength(1);
  });

  it('hold up no process whose output nobody reads any more', async () => {
    const source = new URL('../src/service-log.ts', import.meta.url).href;
    const code = `import { createLog } from '${source}'; const log = createLog('info');
      process.on('SIGTERM', () => { log.info('last words'); process.exit(4); });
      setInterval(() => log.info('more'), 20);
      log.warn('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.kill('SIGTERM');
    expect(await exited).toEqual([4, null]);
  });
});
