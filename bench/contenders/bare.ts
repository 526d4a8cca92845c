import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { listenOn } from './process.ts';

/** The most that a Node server can do: reads each body and sends the same bytes, by scenario's path. */
const answers = new Map<string, Buffer>(
  Object.entries(
    JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Record<string, string>,
  ).map(([scenario, text]) => [`/${scenario}`, Buffer.from(text)] as const),
);

await listenOn(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      Buffer.concat(chunks).toString();
      const body = answers.get(request.url ?? '') ?? Buffer.alloc(0);
      response.writeHead(200, [
        'content-type',
        'application/json; charset=utf-8',
        'content-length',
        String(body.byteLength),
      ]);
      response.end(body);
    });
  }),
);
