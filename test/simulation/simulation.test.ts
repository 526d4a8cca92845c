import { beforeAll, describe, expect, it } from 'vitest';

import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import { runSimulation } from './run-simulation.ts';
import { simulatedCatalogue } from './simulated-catalogue.ts';

describe('simulated histories of launches', () => {
  let catalogue: Catalogue;

  beforeAll(async () => {
    catalogue = await simulatedCatalogue();
  });

  it('keep every promise of one to three replicas through kills, clock jumps, and a database that stalls, is cut off and fails over', async () => {
    const problems: string[] = [];
    let kills = 0;
    let executions = 0;
    const database = { refused: 0, undone: 0, unanswered: 0, stalls: 0, failovers: 0 };
    for (let seed = 1; seed <= 300; seed += 1) {
      const report = await runSimulation(seed, catalogue);
      problems.push(...report.problems.map((problem) => `seed ${seed}: ${problem}`));
      kills += report.kills;
      executions += report.executions;
      for (const misfortune of Object.keys(database) as (keyof typeof database)[]) {
        database[misfortune] += report.database[misfortune];
      }
    }
    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThan(100);
    expect(executions).toBeGreaterThan(500);
    for (const count of Object.values(database)) expect(count).toBeGreaterThan(20);
  }, 120_000);

  it('are the same for the same seed', async () => {
    const first = await runSimulation(4711, catalogue);
    const second = await runSimulation(4711, catalogue);
    expect(second).toEqual(first);
    expect(await runSimulation(4712, catalogue)).not.toEqual({ ...first, seed: 4712 });
  });
});
