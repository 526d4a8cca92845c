import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

import { sameCatalogue } from './catalogue.ts';
import { groqUrl, listening } from './process.ts';

const { schema, context } = await sameCatalogue(groqUrl);
const { url } = await startStandaloneServer(new ApolloServer<object>({ schema }), {
  listen: { host: '127.0.0.1', port: 0 },
  context: () => Promise.resolve(context()),
});
listening(new URL('/graphql', url).href);
