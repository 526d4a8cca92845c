import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

import { StoreError } from '../store-error.ts';
import { createPrivateFile } from './private-files.ts';

const lockFileName = 'gpubroker.lock';
const retryEveryMs = 50;
const sqliteBusy = 5;

/**
 * Makes a data folder belong to one running service. The lock is SQLite's own exclusive lock on an
 * empty database file, so the operating system releases it whatever way the process dies.
 */
export class FolderLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * @param waitMs how long a predecessor that is just stopping is waited for.
   * @throws StoreError `FOLDER_LOCKED` when another service has the folder.
   */
  static async acquire(folder: string, waitMs: number): Promise<FolderLock> {
    const path = join(folder, lockFileName);
    createPrivateFile(path);
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      const giveUpAt = performance.now() + waitMs;
      while (!tryLock(database)) {
        if (performance.now() >= giveUpAt) {
          throw new StoreError(
            'FOLDER_LOCKED',
            `The data folder ${folder} belongs to another running service: stop that one, or give this one a folder of its own in DATA_DIR`,
          );
        }
        await delay(retryEveryMs);
      }
      return new FolderLock(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('begin exclusive');
    return true;
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode === sqliteBusy) return false;
    throw error;
  }
}
