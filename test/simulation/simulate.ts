import { parseArgs } from 'node:util';

import { runSimulation } from './run-simulation.ts';
import { simulatedCatalogue } from './simulated-catalogue.ts';

/** `npm run simulate -- --seed N --runs M`: M histories from seed N on; stops at the first that breaks a promise. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1000' },
  },
});
const firstSeed = Number(values.seed);
const runCount = Number(values.runs);
const catalogue = await simulatedCatalogue();
const totals = { launches: 0, runs: 0, kills: 0, executions: 0 };
const states: Record<string, number> = {};
const database: Record<string, number> = {};
const startedAt = performance.now();
let failed = 0;
for (let seed = firstSeed; seed < firstSeed + runCount; seed += 1) {
  const report = await runSimulation(seed, catalogue);
  totals.launches += report.launches;
  totals.runs += report.runs;
  totals.kills += report.kills;
  totals.executions += report.executions;
  for (const [state, count] of Object.entries(report.states)) {
    states[state] = (states[state] ?? 0) + count;
  }
  for (const [misfortune, count] of Object.entries(report.database)) {
    database[misfortune] = (database[misfortune] ?? 0) + count;
  }
  if (report.problems.length > 0) {
    failed += 1;
    process.stdout.write(`seed ${seed}:\n- ${report.problems.join('\n- ')}\n`);
    break;
  }
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
process.stdout.write(
  `${runCount} histories from seed ${firstSeed} in ${seconds} s: ${JSON.stringify({ ...totals, database, states })}\n`,
);
process.stdout.write(failed === 0 ? 'Every promise held.\n' : 'A promise was broken.\n');
process.exit(failed === 0 ? 0 : 1);
