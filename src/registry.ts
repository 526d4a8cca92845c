import { readFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';

import { providerOf } from './registered-provider.ts';
import type { RegisteredProvider } from './registered-provider.ts';
import { faultsBeyondTheSchema } from './registry-file.ts';
import type { ProviderFile, RegistryFile } from './registry-file.ts';

/** The parsed provider registry: providers by id, in the order of the file. */
export type Registry = ReadonlyMap<string, RegisteredProvider>;

/** Every fault of a registry file at once, each with its path. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly faults: readonly string[];

  constructor(origin: string, faults: readonly string[]) {
    super(`The provider registry ${origin} is not usable:\n- ${faults.join('\n- ')}`);
    this.faults = faults;
  }
}

/**
 * Reads and checks the registry file against the JSON Schema beside this program.
 *
 * @throws RegistryError with all faults together.
 */
export function loadRegistry(path: string, schemaPath: string | URL): Registry {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RegistryError(path, [error instanceof Error ? error.message : String(error)]);
  }
  return parseRegistry(content, JSON.parse(readFileSync(schemaPath, 'utf8')), path);
}

/** As {@link loadRegistry}, for a registry that was read already. */
export function parseRegistry(content: unknown, schema: object, origin: string): Registry {
  const validate = new Ajv({ allErrors: true, strictTypes: false }).compile<RegistryFile>(schema);
  if (!validate(content)) {
    const errors = validate.errors ?? [];
    const faults = [...errors.map(faultOf), ...faultsOfSoundParts(content, errors)];
    throw new RegistryError(origin, [...new Set(faults)]);
  }
  const faults: string[] = [];
  const registry = new Map<string, RegisteredProvider>();
  for (const [id, entry] of Object.entries(content)) {
    if (id === '$schema' || typeof entry === 'string') continue;
    faults.push(...faultsBeyondTheSchema(entry).map((fault) => `/${id}${fault}`));
    if (faults.length === 0) registry.set(id, providerOf(id, entry));
  }
  if (registry.size === 0 && faults.length === 0) faults.push('/: names no provider');
  if (faults.length > 0) throw new RegistryError(origin, faults);
  return registry;
}

function faultOf(error: ErrorObject): string {
  const extra = Object.values(error.params).filter((value) => typeof value === 'string');
  return `${error.instancePath || '/'}: ${error.message ?? error.keyword}${extra.length > 0 ? ` (${extra.join(', ')})` : ''}`;
}

/**
 * What is wrong beyond the schema in those parts of the file that the schema admits, so that a file with
 * faults of both kinds has to be corrected once only.
 */
function faultsOfSoundParts(content: unknown, errors: readonly ErrorObject[]): string[] {
  if (typeof content !== 'object' || content === null) return [];
  const faultyPaths = errors.map(({ instancePath }) => instancePath);
  const isSound = (path: string) =>
    !faultyPaths.some((faulty) => faulty === path || faulty.startsWith(`${path}/`));
  return Object.entries(content as Record<string, unknown>).flatMap(([id, entry]) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return [];
    const sound = Object.entries(entry).filter(([part]) => isSound(`/${id}/${part}`));
    const faults = faultsBeyondTheSchema(Object.fromEntries(sound) as Partial<ProviderFile>);
    return faults.map((fault) => `/${id}${fault}`);
  });
}
