import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { copyProgram, type ProgramCopy } from '../support/program-copy.ts';

/** One safeguard that is taken out, and whether the simulation has to find that. */
interface Mutation {
  readonly safeguard: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  readonly isFound: boolean;
}

const ledgerSteps = 'src/inference/ledger-steps.ts';
const facts = 'src/inference/facts.ts';
const carryOut = 'src/inference/carry-out.ts';
const endings = 'src/inference/endings.ts';

const lookUpOfKeys = {
  file: ledgerSteps,
  from: 'const known = await ledger.runByKey(reservation.caller, reservation.idempotencyKey);',
  to: 'const known = undefined as Run | undefined;',
};

const mutations: readonly Mutation[] = [
  {
    safeguard: 'a known key is looked up, and keys are unique in storage',
    edits: [
      lookUpOfKeys,
      {
        file: 'test/support/memory-ledger-tables.ts',
        from: 'if (this.#tables.runByKey(run.caller, run.idempotencyKey) !== undefined) {',
        to: 'if (run.facts < 0) {',
      },
    ],
    isFound: true,
  },
  {
    safeguard: 'a known key is looked up (storage still refuses the second run)',
    edits: [lookUpOfKeys],
    isFound: false,
  },
  {
    safeguard: 'only what was certainly not executed may be tried again',
    edits: [
      {
        file: facts,
        from: "return outcome === undefined || outcome === 'NOT_SENT' || outcome === 'NOT_EXECUTED';",
        to: "return outcome !== 'COMPLETED' && outcome !== 'EXECUTED';",
      },
      {
        file: endings,
        from: "state: execution === 'UNKNOWN' ? 'UNKNOWN' : 'FAILED',",
        to: "state: 'FAILED',",
      },
    ],
    isFound: true,
  },
  {
    safeguard: 'a run that was given up in flight is not tried again',
    edits: [
      {
        file: facts,
        from: "state: 'UNKNOWN',\n        finishedAtMs: fact.atMs,",
        to: "state: 'FAILED',\n        retriable: true,\n        finishedAtMs: fact.atMs,",
      },
    ],
    isFound: true,
  },
  {
    safeguard: 'an attempt is repeated only when no byte of it went out',
    edits: [
      {
        file: carryOut,
        from: "if (execution === 'NOT_SENT' && code === 'UNREACHABLE') {",
        to: "if (execution === 'NOT_SENT' || execution === 'UNKNOWN') {",
      },
    ],
    isFound: true,
  },
  {
    safeguard: 'what a run reserves is held in its budget',
    edits: [
      {
        file: ledgerSteps,
        from: 'if (budget !== undefined) await holdInBudget(ledger, budget, reservation, nowMs);',
        to: 'if (nowMs < 0) await holdInBudget(ledger, budget!, reservation, nowMs);',
      },
    ],
    isFound: true,
  },
  {
    safeguard: 'a run that has ended takes no other ending (the same one twice changes nothing)',
    edits: [
      {
        file: facts,
        from: 'if (isFinal(run.state) && !isLate) throw refused(run, fact);\n  if (isLate',
        to: 'if (isLate',
      },
    ],
    isFound: false,
  },
  {
    safeguard: 'runs of processes that are gone are found',
    edits: [
      {
        file: 'src/inference/recovery.ts',
        from: 'await this.#recover(run);\n      }',
        to: 'void run;\n      }',
      },
    ],
    isFound: true,
  },
  {
    safeguard: 'an event whose storing was not answered is looked for before it is stored again',
    edits: [
      {
        file: 'src/inference/event-writer.ts',
        from: 'if (isRepeat && (await this.#isStored(events))) return;',
        to: '',
      },
    ],
    isFound: true,
  },
  {
    safeguard:
      'only the holder of the fence may go on with a run (the order of facts still refuses)',
    edits: [
      {
        file: ledgerSteps,
        from: "if (present.fence !== run.fence) throw new FactRefused('Another owner carries the run');",
        to: '',
      },
    ],
    isFound: false,
  },
];

const histories = 500;

/** Plays histories without the safeguard; what was broken first, or undefined when every promise held. */
async function brokenWithout({ edits }: Mutation, copy: ProgramCopy): Promise<string | undefined> {
  const undo: (() => Promise<void>)[] = [];
  for (const { file, from, to } of edits) undo.push(await copy.edit(file, from, to));
  const child = spawn(
    process.execPath,
    ['test/simulation/simulate.ts', '--runs', String(histories)],
    { cwd: copy.folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
  const [code] = (await once(child, 'close')) as [number | null];
  for (const step of undo.toReversed()) await step();
  if (code === 0) return undefined;
  const [seed, problem] = written.split('\n');
  if (!written.includes('A promise was broken.')) throw new Error(`It did not run:\n${written}`);
  return `${seed ?? ''} ${problem ?? ''}`;
}

/** `npm run simulate:mutations`: takes out one safeguard after the other, and shows which the simulation misses. */
const copy = await copyProgram('src', 'test/simulation', 'test/support');
let surprises = 0;
for (const mutation of mutations) {
  const broken = await brokenWithout(mutation, copy);
  const isExpected = (broken !== undefined) === mutation.isFound;
  if (!isExpected) surprises += 1;
  process.stdout.write(
    `${isExpected ? '' : 'UNEXPECTED: '}without "${mutation.safeguard}": ${broken ?? `nothing in ${histories} histories`}\n`,
  );
}
await copy.remove();
process.exit(surprises === 0 ? 0 : 1);
