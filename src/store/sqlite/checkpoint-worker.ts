/**
 * The worker thread of `checkpoints.ts`: one checkpoint for each message, without blocking writers; with
 * `truncate` it also empties the log, for which writers have to wait.
 */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import type { CheckpointAnswer, CheckpointMode } from './checkpoints.ts';

const { databasePath } = workerData as { readonly databasePath: string };
const database = new DatabaseSync(databasePath);
database.exec('pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on');
const modes = {
  passive: database.prepare('pragma wal_checkpoint(passive)'),
  truncate: database.prepare('pragma wal_checkpoint(truncate)'),
};

parentPort?.on('message', (mode: CheckpointMode) => {
  const { log, busy } = modes[mode].get() as { readonly log: number; readonly busy: number };
  const answer: CheckpointAnswer = { pagesInLog: log, isComplete: busy === 0 };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer);
});
