// Starts `dist/main.js` as it is shipped, asks it one question and ends it with SIGTERM.
import { startServiceProcess } from '../test/support/service-process.ts';

const service = await startServiceProcess(
  { NODE_ENV: 'production', MODELS_DEV_URL: '' },
  'dist/main.js',
);
const response = await fetch(service.url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ offerings { totalCount nodes { costPerToken } } }' }),
});
const answer = await response.text();
const exitCode = await service.stop();

const isAnswered =
  response.ok && /"totalCount":[1-9]\d*,"nodes":\[\{"costPerToken":"0\.\d/.test(answer);
if (!isAnswered) throw new Error(`dist/main.js answered with status ${response.status}: ${answer}`);
if (exitCode !== 0) throw new Error(`dist/main.js ended with code ${exitCode} at SIGTERM`);
process.stdout.write('dist/main.js starts, answers and ends.\n');
