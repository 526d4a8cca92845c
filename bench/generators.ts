import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { LoadOrder, LoadReport } from './generator.ts';
import type { LoadResult } from './load.ts';

/** A process that makes load when it is told to. */
export interface Generator {
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): void;
}

export function startGenerator(): Generator {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)));
  return {
    async run(order) {
      child.send(order);
      const [report] = (await once(child, 'message')) as [LoadReport];
      if (!report.ok) throw new Error(report.reason);
      return report.result;
    },
    stop: () => void child.kill(),
  };
}
