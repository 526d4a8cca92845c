import type { ModelLifecycle } from '../domain/model.ts';
import type { Registry } from '../registry.ts';
import type { Draft } from './draft.ts';
import type { HostedModel } from './hosted-models.ts';
import type { ModelEntry } from './snapshot.ts';

/** Where providers differ, the more useful word on a model wins. */
const lifecycleRank: Record<ModelLifecycle, number> = {
  ACTIVE: 0,
  REMOVED: 1,
  DECOMMISSIONED: 2,
  NEVER_HOSTED: 3,
};

/** Takes the word of one more provider on a model. */
export function noteHost(model: Draft<ModelEntry>, hosted: HostedModel): void {
  if (lifecycleRank[hosted.lifecycle] < lifecycleRank[model.lifecycle]) {
    Object.assign(model, factsOf(hosted));
  }
}

/** A model as the first provider tells it, to be completed by the others and by its offerings. */
export function draftModel(hosted: HostedModel): Draft<ModelEntry> {
  return {
    __typename: 'Model',
    id: hosted.listed.id,
    ...factsOf(hosted),
    providerIds: [],
    costPerToken: undefined,
    throughput: undefined,
    regions: [],
  };
}

/** What a model's entry takes from one provider. */
function factsOf(hosted: HostedModel) {
  const { listed } = hosted;
  return {
    name: listed.name ?? listed.id,
    listed,
    task: hosted.task,
    lifecycle: hosted.lifecycle,
    lifecycleNote: hosted.lifecycleNote,
    lifecycleSinceMs: hosted.lifecycleSinceMs,
    replacementId: hosted.replacementId,
    source: hosted.source,
    observedAtMs: hosted.observedAtMs,
    searchText: [listed.id, listed.name, listed.ownedBy].join('\n').toLowerCase(),
  };
}

/** Models that nobody lists and people ask for all the same. */
export function addFates(registry: Registry, models: Map<string, Draft<ModelEntry>>): void {
  for (const registered of registry.values()) {
    for (const fate of registered.modelFates.values()) {
      if (models.has(fate.id)) continue;
      models.set(fate.id, {
        __typename: 'Model',
        id: fate.id,
        name: fate.name,
        listed: undefined,
        task: undefined,
        lifecycle: fate.lifecycle,
        lifecycleNote: fate.note,
        lifecycleSinceMs: fate.sinceMs,
        replacementId: fate.replacement,
        source: fate.source,
        observedAtMs: fate.observedAtMs,
        providerIds: [],
        costPerToken: undefined,
        throughput: undefined,
        regions: [],
        searchText: [fate.id, fate.name].join('\n').toLowerCase(),
      });
    }
  }
}

/** Models by the names under which the first specification knew them. */
export function aliasesOf(
  registry: Registry,
  models: ReadonlyMap<string, ModelEntry>,
): Map<string, ModelEntry> {
  const aliases = new Map<string, ModelEntry>();
  for (const registered of registry.values()) {
    for (const fate of registered.modelFates.values()) {
      const model = models.get(fate.id);
      if (model !== undefined) aliases.set(fate.name.toLowerCase(), model);
    }
  }
  return aliases;
}
