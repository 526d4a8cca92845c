import { readFileSync } from 'node:fs';

import { parseRegistry } from '../../src/registry.ts';
import type { Registry } from '../../src/registry.ts';
import type { RegisteredProvider } from '../../src/registered-provider.ts';

export const registrySchemaUrl = new URL('../../provider_registry.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(registrySchemaUrl, 'utf8')) as object;

/** Bounds that the registry's schema admits. */
export const limits = { maximumBodyBytes: 1_000_000, connectTimeoutMs: 1000, totalTimeoutMs: 2000 };

/** Weights of a blend, as the registry file has them. */
export const weights = (inputWeight: number, outputWeight: number) => ({
  inputWeight,
  outputWeight,
  source: 's',
});

/** A service tier, as the registry file has it. */
export const tier = (id: string) => ({ id, source: 's' });

/** The smallest entry of a registry file, with the parts that a test is about. */
export function aProvider(parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'A provider',
    kind: 'MODEL_HOSTING',
    adapter: 'groq',
    baseUrl: 'https://provider.example',
    secretPath: 'a/key',
    region: { basis: 'none', complianceFlags: [] },
    serviceTiers: [tier('on_demand')],
    blend: weights(3, 1),
    limits,
    endpoints: {},
    ...parts,
  };
}

/** A parsed registry of these entries. */
export function parseEntries(content: unknown): Registry {
  return parseRegistry(content, schema, 'test.json');
}

/** One parsed entry under the id `groq`. */
export function registered(parts: Readonly<Record<string, unknown>> = {}): RegisteredProvider {
  return parseEntries({ groq: aProvider(parts) }).get('groq') as RegisteredProvider;
}
