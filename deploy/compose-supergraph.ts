import { readFileSync, writeFileSync } from 'node:fs';

import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

/** `node deploy/compose-supergraph.ts <file>`: the supergraph of this one subgraph, at `PROVIDERS_URL`. */
const [file = 'supergraph.graphql'] = process.argv.slice(2);
const sdl = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');
const { supergraphSdl, errors } = composeServices([
  {
    name: 'providers',
    url: process.env['PROVIDERS_URL'] ?? 'http://127.0.0.1:4000/graphql',
    typeDefs: parse(sdl),
  },
]);
if (supergraphSdl === undefined) {
  throw new Error((errors ?? []).map(({ message }) => message).join('\n'));
}
writeFileSync(file, supergraphSdl);
