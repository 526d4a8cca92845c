import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph';
import { parse } from 'graphql';

/** Another team's subgraph, on stock libraries. */
export interface SubgraphServer {
  readonly url: string;
  readonly sdl: string;
  stop(): Promise<void>;
}

export async function startSubgraph(
  sdl: string,
  resolvers: GraphQLResolverMap,
): Promise<SubgraphServer> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }]);
  const server = new ApolloServer({ schema, plugins: [ApolloServerPluginInlineTraceDisabled()] });
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
  return { url, sdl, stop: async () => await server.stop() };
}
