/** The worker thread of `checkpoints.ts`: one checkpoint for each message, without blocking writers. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import type { CheckpointAnswer } from './checkpoints.ts';

const { databasePath } = workerData as { readonly databasePath: string };
const database = new DatabaseSync(databasePath);
database.exec('pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on');
const checkpoint = database.prepare('pragma wal_checkpoint(passive)');

parentPort?.on('message', () => {
  const { log } = checkpoint.get() as { readonly log: number };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage({ pagesInLog: log } satisfies CheckpointAnswer);
});
