import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { asStored, openQuietly, temporaryFolder } from '../support/store-opening.ts';
import { StoreProcess } from '../support/store-process.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await folder.remove();
});

describe('the data folder', () => {
  test('is made with its parents, and its files are for the owner alone', async () => {
    const dataDir = join(folder.path, 'not', 'yet', 'there');
    const store = await openQuietly({ dataDir });
    await store.catalogue.commitCatalogue({ atMs: 1, rows: [], pricePoints: [] });

    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const files = await readdir(dataDir);
    expect(files).toContain('gpubroker.db');
    for (const file of files) {
      expect([file, (await stat(join(dataDir, file))).mode & 0o777]).toEqual([file, 0o600]);
    }
    await store.close();
  });

  test('is refused by name where it cannot be a folder', async () => {
    const dataDir = join(folder.path, 'a-file');
    await writeFile(dataDir, '');
    await expect(openQuietly({ dataDir })).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
      message: expect.stringContaining(dataDir),
    });
  });

  test('is refused by name where a folder has the place of the database', async () => {
    await mkdir(join(folder.path, 'gpubroker.db'));
    await expect(openQuietly({ dataDir: folder.path })).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
      message: expect.stringContaining(folder.path),
    });
  });

  test('with a damaged database is refused with what to do, and stays as it is', async () => {
    const path = join(folder.path, 'gpubroker.db');
    await writeFile(path, 'this was a database '.repeat(1_000));
    const open = openQuietly({ dataDir: folder.path });
    await expect(open).rejects.toMatchObject({
      code: 'DATABASE_CORRUPT',
      message: expect.stringContaining('backup'),
    });
    expect((await stat(path)).size).toBe(20_000);
  });
});

describe('a data folder belongs to one running service', () => {
  test('a second process is refused with the folder’s name, and the first goes on', async () => {
    const store = await openQuietly({ dataDir: folder.path });
    const second = new StoreProcess('hold', folder.path);
    await second.printed(1);
    await second.kill();

    expect(second.lines[0]).toMatch(/^FOLDER_LOCKED /);
    expect(second.lines[0]).toContain(folder.path);
    await expect(store.ping()).resolves.toBeUndefined();
    await store.close();
  });

  test('a second store in the same process is refused too, however often it is tried', async () => {
    const store = await openQuietly({ dataDir: folder.path });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(openQuietly({ dataDir: folder.path })).rejects.toMatchObject({
        code: 'FOLDER_LOCKED',
      });
    }
    const other = new StoreProcess('hold', folder.path);
    await other.printed(1);
    await other.kill();
    expect(other.lines[0]).toMatch(/^FOLDER_LOCKED /);
    await store.close();
  });

  test('a killed process leaves no lock behind', async () => {
    const first = new StoreProcess('hold', folder.path);
    await first.printed(1);
    expect(first.lines).toEqual(['open']);
    await expect(openQuietly({ dataDir: folder.path })).rejects.toMatchObject({
      code: 'FOLDER_LOCKED',
    });
    await first.kill();

    const store = await openQuietly({ dataDir: folder.path });
    await store.close();
  });

  test('a failed opening gives the folder back', async () => {
    await mkdir(join(folder.path, 'gpubroker.db'));
    const refused = { code: 'FOLDER_NOT_WRITABLE' };
    await expect(openQuietly({ dataDir: folder.path })).rejects.toMatchObject(refused);
    await expect(openQuietly({ dataDir: folder.path })).rejects.toMatchObject(refused);
  });
});

test(
  'ten kills in the middle of writing lose no acknowledged row and no version',
  { timeout: 120_000 },
  async () => {
    const acknowledged: string[] = [];
    for (let kill = 0; kill < 10; kill += 1) {
      const child = new StoreProcess('write', folder.path, kill * 100_000);
      await child.printed(40 + kill * 37);
      await child.kill();
      expect(child.lines[0]).toBe('open');
      acknowledged.push(...child.lines.slice(1));
    }

    const store = await openQuietly({ dataDir: folder.path });
    const slots = await store.database.selectFrom('poll_slot').select('slot').execute();
    const stored = new Set(slots.map(({ slot }) => `s${slot}`));
    const promised = acknowledged.filter((line) => line.startsWith('s'));
    expect(promised.length).toBeGreaterThan(1_000);
    expect(promised.filter((line) => !stored.has(line))).toEqual([]);

    const versions = acknowledged
      .filter((line) => line.startsWith('v'))
      .map((line) => Number(line.slice(1)));
    expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right));
    const { version } = await store.catalogue.loadCatalogue(asStored);
    expect(version).toBeGreaterThanOrEqual(Math.max(0, ...versions));

    const { rows: verdict } = await sql`pragma integrity_check`.execute(store.database);
    expect(verdict.map((row) => ({ ...(row as object) }))).toEqual([{ integrity_check: 'ok' }]);
    await store.close();
  },
);
