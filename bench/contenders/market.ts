import { createServer } from 'node:http';

import { modelListOf, worlds } from '../world.ts';
import { listenOn } from './process.ts';

/** All the providers of a generated world on loopback. `POST /time` lets time go on: prices change. */
const world = worlds[process.argv[2] as keyof typeof worlds];
let time = 0;

await listenOn(
  createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') {
      time += 1;
      response.end();
      return;
    }
    const number = /^\/p\/(\d+)\/openai\/v1\/models$/.exec(request.url ?? '')?.[1];
    response.writeHead(number === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(number === undefined ? {} : modelListOf(world, Number(number), time)),
    );
  }),
);
