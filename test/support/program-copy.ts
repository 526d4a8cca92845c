import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** This program in a folder of its own, to be run in another form. */
export interface ProgramCopy {
  readonly folder: string;
  /**
   * Replaces text of a file.
   *
   * @returns what undoes it.
   * @throws Error unless the text stands there exactly once.
   */
  edit(file: string, from: string, to: string): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/** @param folders what is copied beside the files that the program reads, e.g. `src`. */
export async function copyProgram(...folders: readonly string[]): Promise<ProgramCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'gpubroker-copy-'));
  for (const name of folders) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  for (const name of await readdir(root)) {
    if (name === 'node_modules' || /\.(json|graphql)$/.test(name)) {
      await symlink(join(root, name), join(folder, name));
    }
  }
  return {
    folder,
    async edit(file, from, to) {
      const path = join(folder, file);
      const before = await readFile(path, 'utf8');
      const [head, tail, ...more] = before.split(from);
      if (head === undefined || tail === undefined || more.length > 0) {
        throw new Error(`${file} does not have this text exactly once:\n${from}`);
      }
      await writeFile(path, `${head}${to}${tail}`);
      return async () => await writeFile(path, before);
    },
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}
