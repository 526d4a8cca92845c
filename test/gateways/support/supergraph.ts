import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

/** One part of a supergraph. */
export interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

/** A supergraph as a gateway loads it, with what its composer remarked. */
export interface Supergraph {
  readonly sdl: string;
  readonly hints: readonly string[];
}

/** @throws Error with every fault, when the subgraphs do not fit together. */
export function composeSupergraph(subgraphs: readonly Subgraph[]): Supergraph {
  const { errors, supergraphSdl, hints } = composeServices(
    subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })),
  );
  if (errors !== undefined) {
    throw new Error(errors.map(({ message }) => message).join('\n'));
  }
  return { sdl: supergraphSdl, hints: hints.map(String) };
}
