import { fastify } from 'fastify';
import { mercurius } from 'mercurius';

import { sameCatalogue } from './catalogue.ts';
import { groqUrl, listening } from './process.ts';

/** With `limited`, it logs each request and bounds depth and bodies, as the service does. */
const isLimited = process.argv.includes('limited');
const { schema, context } = await sameCatalogue(groqUrl);
const app = fastify(isLimited ? { logger: { level: 'info' }, bodyLimit: 1_000_000 } : {});
await app.register(mercurius, {
  schema,
  context: () => context(),
  jit: 1,
  ...(isLimited ? { queryDepth: 12 } : {}),
});
listening(`${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`);
