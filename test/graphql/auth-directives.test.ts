import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { federateSubgraphs, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import { graphqlSync, parse } from 'graphql';
import { describe, expect, it } from 'vitest';

import { createSchema } from '../../src/graphql/schema.ts';

const schemaPath = new URL('../../schema.graphql', import.meta.url);

function servedSdl(options?: { readonly authDirectives: boolean }): string {
  const schema = createSchema(schemaPath, options);
  const { data } = graphqlSync({ schema, source: '{ _service { sdl } }' });
  return (data as { readonly _service: { readonly sdl: string } })._service.sdl;
}

const subgraph = (sdl: string) => ({
  name: 'providers',
  url: 'http://providers.example/graphql',
  typeDefs: parse(sdl),
});

describe('rights in the SDL for composition', () => {
  it('are left out unless asked for, because unlicensed routers refuse to start on them', () => {
    expect(servedSdl()).not.toMatch(/@authenticated|@requiresScopes|inference:launch"/);
    expect(servedSdl({ authDirectives: false })).toBe(servedSdl());
  });

  it('stand at every field that belongs to callers, and nowhere else', () => {
    const sdl = servedSdl({ authDirectives: true });
    const joined = sdl.replaceAll(/\([^()]*\)/g, '');
    const marked = [...joined.matchAll(/^ {2}(\w+)[^\n]*@(authenticated|requiresScopes)/gm)];
    expect(marked.map(([, field, directive]) => `${field} ${directive}`).sort()).toEqual([
      'cancelInference requiresScopes',
      'inferenceEvents requiresScopes',
      'inferenceRun requiresScopes',
      'inferenceRuns requiresScopes',
      'inferenceUsage requiresScopes',
      'launchInference requiresScopes',
      'resolveInference requiresScopes',
      'viewer authenticated',
    ]);
  });

  it('compose with three composers and reach the supergraph', () => {
    const service = subgraph(servedSdl({ authDirectives: true }));
    const apollo = composeWithApollo([service]);
    expect(apollo.errors ?? []).toEqual([]);
    expect(apollo.supergraphSdl).toMatch(/@requiresScopes\(scopes: \[\["inference:launch"\]\]\)/);
    const guild = composeWithGuild([service]);
    expect(guild.errors ?? []).toEqual([]);
    expect(guild.supergraphSdl).toMatch(/@requiresScopes\(scopes: \[\["inference:launch"\]\]\)/);
    const { name, url, typeDefs } = service;
    const wundergraph = federateSubgraphs({
      subgraphs: [{ name, url, definitions: typeDefs }],
      version: ROUTER_COMPATIBILITY_VERSION_ONE,
    });
    expect(wundergraph.success).toBe(true);
  });
});
