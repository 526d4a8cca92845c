import { fdatasync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * The write-ahead log as a file, to bring what SQLite has written there to the disk: in the thread pool,
 * where SQLite's own sync would stop the event loop for as long as the disk takes.
 *
 * SQLite holds no locks on this file, so closing a handle on it takes none away.
 */
export class LogFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Opens the log of a database that is in use: it is there from the first reading until the last close. */
  static async open(databasePath: string): Promise<LogFile> {
    return new LogFile(await open(`${databasePath}-wal`, 'r'));
  }

  /** Resolves once all that is written to the log is on the disk, its length included. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      // The handle's own method costs several times as much around the same call.
      fdatasync(this.#handle.fd, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
