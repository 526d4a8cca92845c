import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { expect, test } from 'vitest';

import { startServiceProcess } from '../support/service-process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const token = 'development-only-router-token-0123456789';

interface GatewayConfig {
  readonly gatewayConfig: {
    readonly propagateHeaders: { fromClientToSubgraphs(): Record<string, string> };
  };
}

test('the supergraph and the configuration of docker-compose.yaml let Hive Gateway ask the service as a caller', async () => {
  const service = await startServiceProcess({
    AUTH_MODE: 'router',
    ROUTER_TOKENS: token,
    MODELS_DEV_URL: '',
  });
  const folder = await mkdtemp(join(tmpdir(), 'deployment-'));
  const before = process.env['ROUTER_TOKEN'];
  process.env['ROUTER_TOKEN'] = token;
  try {
    const file = join(folder, 'supergraph.graphql');
    const composed = spawnSync(process.execPath, ['deploy/compose-supergraph.ts', file], {
      cwd: root,
      env: { PATH: process.env['PATH'], PROVIDERS_URL: service.url },
    });
    expect(composed.status).toBe(0);
    const { gatewayConfig } = (await import(
      join(root, 'deploy/gateway.config.mjs')
    )) as GatewayConfig;
    await using gateway = createGatewayRuntime({
      supergraph: readFileSync(file, 'utf8'),
      logging: false,
      ...gatewayConfig,
    });
    const response = await gateway.fetch('http://gateway/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: '{ viewer { id } offerings(first: 1) { nodes { provider { id } } } }',
      }),
    });
    expect(await response.json()).toEqual({
      data: {
        viewer: { id: 'development-caller' },
        offerings: { nodes: [{ provider: { id: 'groq' } }] },
      },
    });
  } finally {
    if (before === undefined) delete process.env['ROUTER_TOKEN'];
    else process.env['ROUTER_TOKEN'] = before;
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
