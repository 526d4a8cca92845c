import { closeSync, constants, fsyncSync, mkdirSync, accessSync, openSync } from 'node:fs';

import { reasonOf, StoreError } from '../store-error.ts';

const privateFolderMode = 0o700;
const privateFileMode = 0o600;

/** @throws StoreError `FOLDER_NOT_WRITABLE` when the folder cannot be made or used. */
export function preparePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: privateFolderMode });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw folderNotWritable(folder, error);
  }
}

/**
 * Creates an empty file for the owner alone, unless it is there. It never opens a file that exists:
 * closing it would drop the locks that SQLite holds on it in this process.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', privateFileMode));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Makes the names of new files survive a power cut. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function folderNotWritable(folder: string, cause: unknown): StoreError {
  return new StoreError(
    'FOLDER_NOT_WRITABLE',
    `The data folder ${folder} cannot be used: ${reasonOf(cause)}`,
    cause,
  );
}
