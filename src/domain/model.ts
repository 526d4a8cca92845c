/** What a model does; decides the unit in which it is priced and the endpoint that serves it. */
export type Task = 'TEXT_GENERATION' | 'TEXT_CLASSIFICATION' | 'TRANSCRIPTION' | 'SPEECH';

/** Where a model stands with the providers that this service knows. */
export type ModelLifecycle =
  /** On the newest list of at least one provider. */
  | 'ACTIVE'
  /** Shut down by its provider. */
  | 'DECOMMISSIONED'
  /** Named by somebody, never found on any provider's list. */
  | 'NEVER_HOSTED'
  /** Gone from the list of its provider without a word. */
  | 'REMOVED';

/** One row of a provider's model list, in our words. Absent means that the provider did not say. */
export interface ListedModel {
  /** The provider's id, which is also the id of the {@link Model} entity, e.g. `openai/gpt-oss-120b`. */
  readonly id: string;
  readonly name?: string;
  readonly ownedBy?: string;
  /** False when the provider lists the model but says that it does not serve it. */
  readonly active: boolean;
  /** Tokens. */
  readonly contextWindow?: number;
  /** Tokens. */
  readonly maxOutputTokens?: number;
  readonly inputModalities?: readonly string[];
  readonly outputModalities?: readonly string[];
  readonly features?: readonly string[];
}
