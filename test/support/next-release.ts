import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const migrationsFile = join('src', 'store', 'migrations', 'migrations.ts');

/** What the next release does to the schema: it only adds. */
const step = `  {
    name: '9001_next_release',
    oldestReader: '0001_catalogue',
    up: async (database) => {
      await database.schema.alterTable('run').addColumn('next_note', 'text').execute();
      await database.schema.alterTable('run_fact').addColumn('next_note', 'text').execute();
      await database.schema.alterTable('catalogue_row').addColumn('next_note', 'text').execute();
      await database.schema
        .createTable('next_table')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .execute();
    },
  },
];`;

/** This program with one more migration, in a folder of its own: what the next release may look like. */
export async function makeNextRelease(): Promise<{
  readonly folder: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'gpubroker-next-release-'));
  await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
  for (const name of await readdir(root)) {
    if (name === 'node_modules' || /\.(json|graphql)$/.test(name)) {
      await symlink(join(root, name), join(folder, name));
    }
  }
  const path = join(folder, migrationsFile);
  const present = await readFile(path, 'utf8');
  const next = present.replace(/\n\];\s*$/, `\n${step}\n`);
  if (next === present) throw new Error(`${migrationsFile} does not end with its list of steps`);
  await writeFile(path, next);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
