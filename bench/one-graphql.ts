import { registerHooks } from 'node:module';

/**
 * Lets every contender use the service's own copy of `graphql`, so that all of them can execute the one
 * schema with its resolvers; two copies would refuse one another's types.
 */
registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context);
    const url = resolved.url.replace('/bench/node_modules/graphql/', '/node_modules/graphql/');
    return { ...resolved, url };
  },
});
