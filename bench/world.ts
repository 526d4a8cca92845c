/** A generated market: providers that host models of one pool, many of them the same. */
export interface World {
  readonly providers: number;
  readonly modelsPerProvider: number;
  /** Distinct models of all providers together. */
  readonly distinctModels: number;
}

/** One offering in each provider for each of its models. */
export const worlds = {
  hundred: { providers: 5, modelsPerProvider: 20, distinctModels: 60 },
  thousand: { providers: 20, modelsPerProvider: 50, distinctModels: 400 },
  hundredThousand: { providers: 500, modelsPerProvider: 200, distinctModels: 5_000 },
  million: { providers: 500, modelsPerProvider: 2_000, distinctModels: 20_000 },
} as const satisfies Record<string, World>;

export const regions = ['us-east', 'us-west', 'eu-central', 'eu-west', 'ap-south', 'me-central'];
const makers = ['Alpha', 'Borealis', 'Cirrus', 'Delta', 'Ember', 'Fjord', 'Glacier', 'Harbor'];
const families = ['Lyra', 'Orion', 'Vela', 'Draco', 'Lupus', 'Norma', 'Pavo', 'Corvus', 'Hydra'];
const kinds = ['Instruct', 'Reasoning', 'Coder', 'Mini', 'Turbo', 'Vision'];

export function providerId(number: number): string {
  return `provider-${String(number).padStart(3, '0')}`;
}

/** The registry file of a world whose providers answer below `origin`. */
export function registryOf(world: World, origin: string): Record<string, unknown> {
  const entries = Array.from({ length: world.providers }, (_, number) => [
    providerId(number),
    {
      name: `${makers[number % makers.length]} Cloud ${number}`,
      kind: 'MODEL_HOSTING',
      adapter: 'groq',
      baseUrl: `${origin}/p/${number}`,
      secretPath: 'groq/api_key',
      region: {
        declared: regions[number % regions.length],
        basis: 'generated for the benchmark',
        complianceFlags: [`region=${regions[number % regions.length]}`],
      },
      serviceTiers: [{ id: 'on_demand', source: 'generated for the benchmark' }],
      blend: { inputWeight: 3, outputWeight: 1, source: 'generated for the benchmark' },
      limits: { maximumBodyBytes: 8_388_608, connectTimeoutMs: 20_000, totalTimeoutMs: 60_000 },
      endpoints: { TEXT_GENERATION: '/openai/v1/chat/completions' },
      nominalThroughputs: modelsOf(world, number)
        .slice(0, 20)
        .map((model) => ({
          model: modelId(model),
          tokensPerSecond: 50 + ((model * 37 + number) % 950),
          source: 'generated for the benchmark',
          observedAt: '2026-11-01',
        })),
    },
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** What a provider lists at one time; with each time three prices in a hundred are others. */
export function modelListOf(world: World, number: number, time: number): unknown {
  const data = modelsOf(world, number).map((model, row) => ({
    id: modelId(model),
    object: 'model',
    created: 1_760_000_000,
    owned_by: makers[model % makers.length],
    active: (model * 31 + number) % 20 !== 0,
    name: nameOf(model),
    context_window: 8192 * (1 + (model % 32)),
    max_completion_tokens: 8192,
    input_modalities: ['text'],
    output_modalities: ['text'],
    features: model % 3 === 0 ? ['streaming', 'tools'] : ['streaming'],
    pricing: {
      prompt: priceText(model, number, timesChanged(row, time)),
      completion: priceText(model * 4, number, timesChanged(row, time)),
    },
  }));
  return { object: 'list', data };
}

/** How often the price of a row has changed by a time: each changes once in 33 times. */
function timesChanged(row: number, time: number): number {
  return Math.floor((time + (row % 33)) / 33);
}

function priceText(model: number, number: number, changes: number): string {
  const units = 100 + ((model * 7919 + number * 104_729) % 9_900) + (changes % 50);
  return `0.00000${String(units).padStart(5, '0')}`;
}

function modelsOf({ modelsPerProvider, distinctModels }: World, number: number): number[] {
  const step = 7;
  return Array.from(
    { length: modelsPerProvider },
    (_, row) => (number * 13 + row * step) % distinctModels,
  ).filter((model, row, all) => all.indexOf(model) === row);
}

function modelId(model: number): string {
  return `${makers[model % makers.length]?.toLowerCase()}/${families[model % families.length]?.toLowerCase()}-${model}`;
}

function nameOf(model: number): string {
  return `${families[model % families.length]} ${model} ${kinds[model % kinds.length]}`;
}
