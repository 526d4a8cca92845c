import type { ListedModel, ModelLifecycle, Task } from '../domain/model.ts';
import type { RegisteredProvider } from '../registered-provider.ts';
import { modelListFeed } from './memory.ts';
import type { ProviderMemory, RememberedModel } from './memory.ts';

/** A model as one provider hosts it. */
export interface HostedModel {
  readonly listed: ListedModel;
  readonly task: Task | undefined;
  readonly available: boolean;
  readonly lifecycle: ModelLifecycle;
  readonly lifecycleNote: string | undefined;
  readonly lifecycleSinceMs: number | undefined;
  readonly replacementId: string | undefined;
  readonly source: string;
  readonly observedAtMs: number;
}

/**
 * The models of a provider: those of its list, then those that the registry adds. Of the list only what was seen
 * at a known time, as with prices: nothing is shown without one.
 */
export function* hostedModels(
  registered: RegisteredProvider,
  memory: ProviderMemory,
): Generator<HostedModel> {
  const listSeenAtMs = memory.feeds.get(modelListFeed)?.lastSuccessAtMs;
  for (const [id, remembered] of memory.models) {
    const observedAtMs = remembered.seenAtMs ?? listSeenAtMs;
    if (observedAtMs !== undefined) yield hostedModel(registered, id, remembered, observedAtMs);
  }
  for (const custom of registered.customModels) {
    if (memory.models.has(custom.id)) continue;
    const base = memory.models.get(custom.baseModel)?.model;
    yield {
      listed: { ...base, id: custom.id, name: custom.name, active: true },
      task: custom.task,
      available: true,
      lifecycle: 'ACTIVE',
      lifecycleNote: `Custom model on ${custom.baseModel}, from the registry.`,
      lifecycleSinceMs: undefined,
      replacementId: undefined,
      source: custom.source,
      observedAtMs: custom.observedAtMs,
    };
  }
}

function hostedModel(
  registered: RegisteredProvider,
  id: string,
  remembered: RememberedModel,
  observedAtMs: number,
): HostedModel {
  const { model, missedReadings, decommissionedAtMs } = remembered;
  const fate = registered.modelFates.get(id);
  const gone = decommissionedAtMs !== undefined || missedReadings >= 2;
  const common = {
    listed: model,
    task: taskOf(registered, model),
    source: remembered.source,
    observedAtMs,
  };
  if (!gone) {
    return {
      ...common,
      available: model.active,
      lifecycle: 'ACTIVE',
      lifecycleNote: undefined,
      lifecycleSinceMs: undefined,
      replacementId: undefined,
    };
  }
  const decommissioned = decommissionedAtMs !== undefined || fate?.lifecycle === 'DECOMMISSIONED';
  return {
    ...common,
    available: false,
    lifecycle: decommissioned ? 'DECOMMISSIONED' : 'REMOVED',
    lifecycleNote:
      fate?.note ??
      (decommissioned
        ? 'The provider answered a launch with the news that the model is shut down.'
        : "Missing from the provider's list in two readings or more."),
    lifecycleSinceMs: fate?.sinceMs ?? decommissionedAtMs ?? observedAtMs,
    replacementId: fate?.replacement,
  };
}

/** What a model does: as the registry says, else as its modalities tell. */
function taskOf(registered: RegisteredProvider, model: ListedModel): Task | undefined {
  const registeredTask = registered.tasks.get(model.id);
  if (registeredTask !== undefined) return registeredTask;
  const outputs = model.outputModalities;
  if (outputs === undefined) return undefined;
  if (outputs.includes('speech') || outputs.includes('audio')) return 'SPEECH';
  if (outputs.includes('transcription')) return 'TRANSCRIPTION';
  return outputs.includes('text') ? 'TEXT_GENERATION' : undefined;
}
