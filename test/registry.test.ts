import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadRegistry, RegistryError } from '../src/registry.ts';
import type { RegisteredProvider } from '../src/registered-provider.ts';
import {
  aProvider,
  limits,
  parseEntries,
  registrySchemaUrl,
  tier,
  weights,
} from './support/registry-entries.ts';

const root = new URL('../', import.meta.url);

describe('the registry that ships', () => {
  const registry = loadRegistry(
    new URL('provider_registry.json', root).pathname,
    registrySchemaUrl,
  );
  const groq = registry.get('groq') as RegisteredProvider;

  it('is valid and has Groq as a model host in us-east, flagged for compliance', () => {
    expect([...registry.keys()]).toEqual(['groq']);
    expect(groq).toMatchObject({ name: 'Groq', kind: 'MODEL_HOSTING', adapter: 'groq' });
    expect(groq.region).toMatchObject({
      declared: 'us-east',
      complianceFlags: ['region=us-east'],
    });
    expect(groq.region.basis).toMatch(/specification/);
  });

  it('blends three parts of input with one of output', () => {
    expect(groq.blend).toEqual({ input: 3n, output: 1n });
  });

  it('says with a reason and a source what Groq cannot do although the specification asks for it', () => {
    const features = groq.limitations.map(({ feature }) => feature);
    expect(features).toEqual(
      expect.arrayContaining(['CUSTOM_MODEL_UPLOAD', 'REGION_SELECTION', 'PRICING_ENDPOINT']),
    );
    for (const { reason, source } of groq.limitations) {
      expect(reason.length).toBeGreaterThan(20);
      expect(source).not.toBe('');
    }
    expect(groq.limitations[0]?.reason).toMatch(/ONNX/);
  });

  it('dates and sources every fact that is not Groq itself speaking', () => {
    const facts = [
      ...groq.modelFates.values(),
      ...groq.nominalThroughputs.values(),
      ...(groq.shippedList === undefined ? [] : [groq.shippedList]),
    ];
    expect(facts.length).toBeGreaterThan(10);
    for (const { source, observedAtMs } of facts) {
      expect(source).not.toBe('');
      expect(observedAtMs).toBeGreaterThan(Date.parse('2026-09-01'));
    }
  });

  it('knows what became of every model of the specification', () => {
    expect(groq.modelFates.get('llama3-8b-8192')).toMatchObject({
      name: 'Llama-3-8B',
      lifecycle: 'DECOMMISSIONED',
      sinceMs: Date.parse('2025-08-30'),
    });
    expect(groq.modelFates.get('mixtral-8x7b-32768')).toMatchObject({
      name: 'Mixtral-8x7B',
      lifecycle: 'DECOMMISSIONED',
      sinceMs: Date.parse('2025-03-20'),
    });
    expect(groq.modelFates.get('mistral-7b-instruct')).toMatchObject({
      name: 'Mistral-7B-Instruct',
      lifecycle: 'NEVER_HOSTED',
      sinceMs: undefined,
      replacement: undefined,
    });
  });

  it.each(['llama3-8b-8192', 'mixtral-8x7b-32768', 'llama3-70b-8192', 'qwen/qwen3.6-27b'])(
    'leads from %s to a model on the newest list, without a circle',
    (id) => {
      const passed = [id];
      let next = groq.modelFates.get(id)?.replacement;
      while (next !== undefined && groq.modelFates.has(next)) {
        expect(passed).not.toContain(next);
        passed.push(next);
        next = groq.modelFates.get(next)?.replacement;
      }
      expect(groq.shippedList?.models.map((model) => model.id)).toContain(next);
    },
  );

  it('gives transcription prices a second, never lower than the hour that is quoted', () => {
    const whisper = groq.shippedList?.prices.find(({ modelId }) => modelId === 'whisper-large-v3');
    expect(whisper?.quotedAs).toBe('0.111 USD per audio hour');
    expect(whisper?.components?.unit).toBe('AUDIO_SECOND');
    expect(whisper?.components?.input?.toString()).toBe('0.000030833333333334');
  });

  it('bills Whisper turbo for ten seconds at least, and bounds what Groq puts around a request', () => {
    expect(groq.billing.inputMarginTokens).toBe(1024);
    const { models } = groq.billing;
    expect([...models.keys()]).toEqual(['whisper-large-v3-turbo']);
    expect(models.get('whisper-large-v3-turbo')?.minimumQuantity?.toString()).toBe('10');
  });

  it('gives no price to a model whose price nobody knows', () => {
    const priced = groq.shippedList?.prices.map(({ modelId }) => modelId);
    expect(groq.shippedList?.models.map(({ id }) => id)).toContain('allam-2-7b');
    expect(priced).not.toContain('allam-2-7b');
  });
});

describe('a registry', () => {
  it('has its providers in the order of the file', () => {
    const [second, first] = [aProvider(), aProvider()];
    expect([...parseEntries({ zebra: first, $schema: './x.json', alpha: second }).keys()]).toEqual([
      'zebra',
      'alpha',
    ]);
  });

  it('has a contract price with its dates and its source, several for one model in turn', () => {
    const provider = aProvider({
      declaredPrices: [
        { ...declared('m'), validFrom: '2026-01-01', validUntil: '2026-07-01' },
        { ...declared('m', { unit: 'TOKEN', input: '0' }), validFrom: '2026-07-01T00:00:00Z' },
      ],
      customModels: [
        customModel({ price: { unit: 'TOKEN', input: '0.1' } }),
        customModel({ id: 'unpriced' }),
      ],
    });
    const parsed = parseEntries({ provider }).get('provider');
    const prices = parsed?.declaredPrices.get('m');
    expect(prices?.map(({ validFromMs, validUntilMs }) => [validFromMs, validUntilMs])).toEqual([
      [Date.parse('2026-01-01'), Date.parse('2026-07-01')],
      [Date.parse('2026-07-01'), undefined],
    ]);
    expect(prices?.[1]?.row.components?.input?.isZero()).toBe(true);
    expect(parsed?.declaredPrices.get('custom')?.[0]?.row.components?.input?.toString()).toBe(
      '0.1',
    );
    expect(parsed?.declaredPrices.has('unpriced')).toBe(false);
  });
});

describe('how a provider bills', () => {
  it('is the usual margin where nothing is said, and what is said with its source else', () => {
    const silent = parseEntries({ provider: aProvider() }).get('provider');
    expect(silent?.billing).toEqual({ inputMarginTokens: 1024, models: new Map() });
    const provider = aProvider({
      billing: {
        inputMargin: { tokens: 7, source: 's' },
        models: {
          m: { inputMarginTokens: 9, source: 's' },
          n: { minimumQuantity: '2.5', source: 's' },
        },
      },
    });
    const told = parseEntries({ provider }).get('provider')?.billing;
    expect(told?.inputMarginTokens).toBe(7);
    expect(told?.models.get('m')?.inputMarginTokens).toBe(9);
    expect(told?.models.get('n')?.minimumQuantity?.toString()).toBe('2.5');
  });

  it.each([
    [{ models: { m: { minimumQuantity: '10' } } }, "required property 'source'"],
    [
      { models: { m: { minimumQuantity: -1, source: 's' } } },
      '/groq/billing/models/m/minimumQuantity',
    ],
    [{ inputMargin: { tokens: 1.5, source: 's' } }, '/groq/billing/inputMargin/tokens'],
  ])('is refused as %j', (billing, fault) => {
    expect(faultsOf({ groq: aProvider({ billing }) }).join('\n')).toContain(fault);
  });
});

describe('a faulty registry', () => {
  it('is reported with every fault and its path at once, those beyond the schema included', () => {
    const faults = faultsOf({
      groq: aProvider({
        name: 7,
        baseUrl: 'api.groq.com',
        blend: { inputWeight: 2, outputWeight: 1, source: 's' },
        modelFates: [fate({ since: '2026-02-30' }), fate()],
        surprise: true,
      }),
      other: aProvider({ serviceTiers: [tier('on_demand'), tier('on_demand')] }),
      'Not An Id': aProvider(),
    });
    for (const path of [
      '/groq/name: ',
      '/groq/baseUrl: ',
      '/groq/blend: ',
      '/groq/modelFates/0/since: ',
      '/groq/modelFates/1: ',
      '/groq: must NOT have additional properties (surprise)',
      '/other/serviceTiers/1: ',
      '/: must NOT have additional properties (Not An Id)',
    ]) {
      expect(faults.filter((fault) => fault.startsWith(path))).toHaveLength(1);
    }
    expect(faults).toHaveLength(8);
  });

  it.each([
    ['nothing at all', {}, '/: '],
    ['a list', [], '/: '],
    ['null', null, '/: '],
    ['no provider', { $schema: './x.json' }, '/: names no provider'],
    ['a provider that is a text', { groq: 'x' }, '/groq: '],
    ['a provider without a blend', { groq: without('blend') }, '/groq: '],
    ['a provider without a secret path', { groq: without('secretPath') }, '/groq: '],
    ['an unknown adapter', { groq: aProvider({ adapter: 'magic' }) }, '/groq/adapter: '],
    ['weights of nothing', { groq: aProvider({ blend: weights(0, 0) }) }, '/groq/blend: '],
    ['weights that sum to 3', { groq: aProvider({ blend: weights(2, 1) }) }, '/groq/blend: '],
    ['weights that sum to 7', { groq: aProvider({ blend: weights(3, 4) }) }, '/groq/blend: '],
    [
      'a negative weight',
      { groq: aProvider({ blend: weights(-1, 5) }) },
      '/groq/blend/inputWeight: ',
    ],
    [
      'half a weight',
      { groq: aProvider({ blend: weights(2.5, 1.5) }) },
      '/groq/blend/inputWeight: ',
    ],
    [
      'a limit without a bound',
      { groq: aProvider({ limits: { ...limits, totalTimeoutMs: 1e9 } }) },
      '/groq/limits/totalTimeoutMs: ',
    ],
    ['an unknown task', { groq: aProvider({ endpoints: { POETRY: '/p' } }) }, '/groq/endpoints: '],
    [
      'a custom model twice',
      lists({ customModels: [customModel(), customModel()] }),
      '/groq/customModels/1: ',
    ],
    ['a model fate twice', lists({ modelFates: [fate(), fate()] }), '/groq/modelFates/1: '],
    [
      'a speed twice',
      lists({ nominalThroughputs: [speed(), speed()] }),
      '/groq/nominalThroughputs/1: ',
    ],
    [
      'a speed of zero',
      lists({ nominalThroughputs: [speed({ tokensPerSecond: 0 })] }),
      '/groq/nominalThroughputs/0/tokensPerSecond: ',
    ],
    [
      'a shipped model twice',
      lists({
        shippedList: { source: 's', observedAt: '2026-01-01', models: [{ id: 'm' }, { id: 'm' }] },
      }),
      '/groq/shippedList/models/1: ',
    ],
    [
      'a day that is none',
      lists({ modelFates: [fate({ since: '2026-02-30' })] }),
      '/groq/modelFates/0/since: ',
    ],
    [
      'a date in words',
      lists({ modelFates: [fate({ observedAt: 'May' })] }),
      '/groq/modelFates/0/observedAt: ',
    ],
    [
      'a speed at no date',
      lists({ nominalThroughputs: [speed({ observedAt: '2026-13-01' })] }),
      '/groq/nominalThroughputs/0/observedAt: ',
    ],
    [
      'a custom model at no date',
      lists({ customModels: [customModel({ observedAt: '2026-06-31' })] }),
      '/groq/customModels/0/observedAt: ',
    ],
    [
      'a price from no date',
      lists({ declaredPrices: [{ ...declared('m'), validFrom: '2026-02-29' }] }),
      '/groq/declaredPrices/0/validFrom: ',
    ],
    [
      'a contract that ends before it begins',
      lists({
        declaredPrices: [{ ...declared('m'), validFrom: '2026-02-01', validUntil: '2026-02-01' }],
      }),
      '/groq/declaredPrices/0: ',
    ],
    [
      'a price as a number',
      lists({ declaredPrices: [declared('m', { unit: 'TOKEN', input: 0.1 })] }),
      '/groq/declaredPrices/0/price/input: ',
    ],
    [
      'a negative price',
      lists({ declaredPrices: [declared('m', { unit: 'TOKEN', input: '-1' })] }),
      '/groq/declaredPrices/0/price/input: ',
    ],
    [
      'a price for a fortnight',
      lists({ declaredPrices: [declared('m', { unit: 'FORTNIGHT', input: '1' })] }),
      '/groq/declaredPrices/0/price/unit: ',
    ],
    [
      'a contract without a price',
      lists({ declaredPrices: [declared('m', { unit: 'TOKEN' })] }),
      '/groq/declaredPrices/0/price: ',
    ],
    [
      'a custom model with a price of nothing',
      lists({ customModels: [customModel({ price: { unit: 'TOKEN' } })] }),
      '/groq/customModels/0/price: ',
    ],
  ] as [string, unknown, string][])('with %s is refused at its path', (_, content, path) => {
    const faults = faultsOf(content);
    expect(faults.some((fault) => fault.startsWith(path))).toBe(true);
  });

  describe('as a file', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'registry-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each([
      ['that is not there', undefined],
      ['that is no JSON', '{"groq": '],
      ['that is empty', ''],
    ])('%s is reported as such, with its path', (name, text) => {
      const path = join(folder, `${name}.json`);
      if (text !== undefined) writeFileSync(path, text);
      expect(() => loadRegistry(path, registrySchemaUrl)).toThrow(RegistryError);
      expect(() => loadRegistry(path, registrySchemaUrl)).toThrow(path);
    });
  });
});

function without(part: string): Record<string, unknown> {
  const { [part]: _left, ...rest } = aProvider();
  return rest;
}

function lists(parts: Readonly<Record<string, unknown>>): unknown {
  return { groq: aProvider(parts) };
}

function fate(parts: Readonly<Record<string, unknown>> = {}) {
  return {
    id: 'gone',
    name: 'Gone',
    lifecycle: 'DECOMMISSIONED',
    note: 'n',
    source: 's',
    observedAt: '2026-11-23',
    ...parts,
  };
}

function speed(parts: Readonly<Record<string, unknown>> = {}) {
  return { model: 'm', tokensPerSecond: 500, source: 's', observedAt: '2026-10-01', ...parts };
}

function customModel(parts: Readonly<Record<string, unknown>> = {}) {
  return {
    id: 'custom',
    name: 'Custom',
    baseModel: 'm',
    task: 'TEXT_GENERATION',
    source: 's',
    observedAt: '2026-10-01',
    ...parts,
  };
}

function declared(model: string, price: unknown = { unit: 'TOKEN', input: '0.1', output: '0.2' }) {
  return { model, price, source: 'contract', validFrom: '2026-01-01' };
}

/** The faults that a registry is refused with, as its message lists them. */
function faultsOf(content: unknown): readonly string[] {
  try {
    parseEntries(content);
  } catch (error) {
    const { faults, message } = error as RegistryError;
    if (!(error instanceof RegistryError) || !faults.every((fault) => message.includes(fault))) {
      throw error;
    }
    return faults;
  }
  return [];
}
