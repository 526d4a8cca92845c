import { copyProgram, type ProgramCopy } from './program-copy.ts';

/** The last step of today, and one that the next release might add: it only adds. */
const lastStep = `
];`;
const nextStep = `
  {
    name: '9001_next_release',
    oldestReader: '0001_catalogue',
    up: async (database) => {
      for (const table of ['run', 'run_fact', 'catalogue_row']) {
        await database.schema.alterTable(table).addColumn('next_note', 'text').execute();
      }
      await database.schema
        .createTable('next_table')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .execute();
    },
  },
];`;

/** This program with one more migration: what the next release may look like. */
export async function makeNextRelease(): Promise<ProgramCopy> {
  const copy = await copyProgram('src');
  await copy.edit('src/store/migrations/migrations.ts', lastStep, nextStep);
  return copy;
}
