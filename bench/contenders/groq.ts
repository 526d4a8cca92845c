import { createServer } from 'node:http';

import { modelList } from '../marketplace.ts';
import { listenOn } from './process.ts';

/** A loopback Groq that answers every chat at once, as Groq does, and lists the models of the benchmark. */
const chat = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'bench/model-000',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hello there, how are you?' },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    queue_time: 0.011,
    prompt_tokens: 42,
    prompt_time: 0.002,
    completion_tokens: 27,
    completion_time: 0.027,
    total_tokens: 69,
    total_time: 0.029,
  },
  system_fingerprint: 'fp_bench',
  x_groq: { id: 'req_bench' },
  service_tier: 'on_demand',
});
const chatHeaders = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(chat),
  'x-groq-region': 'us-east-1',
  'x-request-id': 'req_bench',
};

const models = JSON.stringify(modelList());
const unknown = JSON.stringify({ error: { message: 'Unknown request URL' } });

await listenOn(
  createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      switch (request.url) {
        case '/openai/v1/chat/completions':
          response.writeHead(200, chatHeaders).end(chat);
          break;
        case '/openai/v1/models':
          response.writeHead(200, { 'content-type': 'application/json' }).end(models);
          break;
        default:
          response.writeHead(404, { 'content-type': 'application/json' }).end(unknown);
      }
    });
  }),
);
