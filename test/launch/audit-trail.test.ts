import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { hang, hangUp } from '../support/groq-responders.ts';
import { chatPath, newKey, startLaunching } from '../support/launching.ts';
import type { LaunchingService, Who } from '../support/launching.ts';

const lines: Readonly<Record<string, unknown>>[] = [];
let service: LaunchingService;

beforeAll(async () => {
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  service = await startLaunching({ log: pino({}, { write }) });
});
afterAll(async () => {
  await service.close();
});

let requests = 0;
/** Somebody with a request id and a trace id of their own. */
function somebody(caller: string, scopes = 'inference:launch inference:read') {
  requests += 1;
  const origin = { requestId: `request-${requests}`, traceId: `${requests}`.padStart(32, 'a') };
  const headers = {
    'x-request-id': origin.requestId,
    traceparent: `00-${origin.traceId}-00f067aa0ba902b7-01`,
  };
  return { origin, who: { caller, scopes, headers } satisfies Who };
}

/** The facts of a run as they lie in the ledger. */
function factsOf(runId: string): Readonly<Record<string, unknown>>[] {
  const ledger = new DatabaseSync(join(service.dataDir, 'gpubroker.db'), { readOnly: true });
  try {
    return ledger
      .prepare('select kind, at_ms, body from run_fact where run_id = ? order by number')
      .all(runId)
      .map(({ kind, at_ms: atMs, body }) => ({
        kind,
        atMs,
        ...(JSON.parse(String(body)) as Record<string, unknown>),
      }));
  } finally {
    ledger.close();
  }
}

/** What the log says of an event of a run, beside when it was. */
function logged(event: string, runId: string): Readonly<Record<string, unknown>> | undefined {
  return lines.find(({ msg, runId: of }) => msg === event && of === runId);
}

const aMoment = expect.any(Number) as number;

test('who launched what and when is in the ledger and in the log, with request and trace ids', async () => {
  const { origin, who } = somebody('anna');
  const { run } = await service.launch({}, who);
  const id = run?.id ?? '';
  expect(factsOf(id)[0]).toMatchObject({ kind: 'RESERVED', atMs: aMoment, ...origin });
  expect(logged('launch.reserved', id)).toMatchObject({
    caller: 'anna',
    offering: run?.offeringId,
    reserved: run?.reserved,
    time: aMoment,
    ...origin,
  });
  expect(logged('launch.ended', id)).toMatchObject({ caller: 'anna', charge: run?.charge });
});

test('who cancelled what and when is in the ledger and in the log, with request and trace ids', async () => {
  service.groq.replyOnce(chatPath, hang);
  const before = service.sent();
  const { run } = await service.launch({ waitMs: 1 }, somebody('anna').who);
  await expect.poll(() => service.sent()).toBe(before + 1);
  const { origin, who } = somebody('anna');
  const id = run?.id ?? '';
  await service.ask(
    'mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }',
    { id },
    who,
  );
  const fact = { kind: 'CANCEL_REQUESTED', atMs: aMoment, by: 'anna', ...origin };
  expect(factsOf(id)).toContainEqual(fact);
  expect(logged('launch.cancel_requested', id)).toMatchObject({
    by: 'anna',
    time: aMoment,
    ...origin,
  });
});

test('who resolved what, how, on what evidence and when is in the ledger and in the log, with request and trace ids', async () => {
  service.groq.replyOnce(chatPath, hangUp);
  const { run } = await service.launch({}, somebody('anna').who);
  const { origin, who } = somebody('olga', 'inference:operate');
  const id = run?.id ?? '';
  const evidence = 'Line 7 of the bill of November';
  await service.ask(
    `mutation ($id: ID!, $evidence: String!) {
      resolveInference(input: { id: $id, outcome: EXECUTED, cost: "0.0001", evidence: $evidence }) { __typename }
    }`,
    { id, evidence },
    who,
  );
  const resolution = { outcome: 'EXECUTED', evidence, by: 'olga', atMs: aMoment, ...origin };
  expect(factsOf(id)).toContainEqual(
    expect.objectContaining({ kind: 'RESOLVED', resolution, cost: '0.0001' }),
  );
  expect(logged('launch.resolved', id)).toMatchObject({
    by: 'olga',
    outcome: 'EXECUTED',
    time: aMoment,
    ...origin,
  });
});

test('who was refused a launch, why and when is in the log, with request and trace ids', async () => {
  const { origin, who } = somebody('bert', 'inference:read');
  const input = { idempotencyKey: newKey() };
  const refusal = await service.launch(input, who);
  expect(refusal.code).toBe('FORBIDDEN');
  expect(refusal.message, 'what it takes').toMatch(/scope inference:launch/);
  const refusals = lines.filter(({ msg }) => msg === 'launch.refused');
  expect(refusals).toMatchObject([{ code: 'FORBIDDEN', caller: 'bert', time: aMoment, ...origin }]);
});

test('a fact, once written, is neither changed nor removed', async () => {
  const { run } = await service.launch({ idempotencyKey: newKey() });
  const id = run?.id ?? '';
  const before = factsOf(id);
  await service.restart();
  await service.ask('mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }', {
    id,
  });
  expect(factsOf(id)).toEqual(before);
  expect(before.map(({ kind }) => kind)).toEqual(['RESERVED', 'SENDING', 'ENDED']);
});
