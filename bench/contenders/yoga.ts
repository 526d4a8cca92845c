import { createServer } from 'node:http';

import { createYoga } from 'graphql-yoga';

import { sameCatalogue } from './catalogue.ts';
import { groqUrl, listenOn } from './process.ts';

const { schema, context } = await sameCatalogue(groqUrl);
await listenOn(createServer(createYoga({ schema, context, logging: false, graphiql: false })));
