import type { ListedModel } from '../../domain/model.ts';
import type { PriceRow, PriceUnit } from '../../domain/price.ts';
import { priceOf } from '../prices.ts';
import type { GroqModel } from './wire.ts';
import { parsePricing, withoutUndefined } from './wire.ts';

/** A row of Groq's model list in our words. */
export function listedModelOf(model: GroqModel): ListedModel {
  return withoutUndefined<ListedModel>({
    id: model.id,
    name: model.name,
    ownedBy: model.owned_by,
    active: model.active ?? true,
    contextWindow: model.context_window ?? model.context_length,
    maxOutputTokens: model.max_completion_tokens ?? model.max_output_length,
    inputModalities: model.input_modalities,
    outputModalities: model.output_modalities,
    features: model.supported_features,
  });
}

/** What a row of the model list says about the model's price. */
export type ListedPrice =
  /** Nothing, which is unknown and not free. */
  | { readonly kind: 'UNKNOWN' }
  | { readonly kind: 'PRICE'; readonly row: PriceRow }
  | { readonly kind: 'REJECTED'; readonly reason: string };

/**
 * The price in a row of Groq's model list. One bad component rejects the whole price: charging by the rest
 * would charge by a price that nobody gave.
 */
export function listedPriceOf(model: GroqModel): ListedPrice {
  if (model.pricing === undefined) return { kind: 'UNKNOWN' };
  const pricing = parsePricing(model.pricing);
  if (pricing === undefined) return rejected('the price is not an object');
  const unit = unitOf(model);
  if (unit === 'AUDIO_SECOND') {
    return rejected('the list does not say in which unit the price of a transcription is');
  }
  const input = priceOf(pricing.prompt, 'prompt');
  const output = priceOf(pricing.completion, 'completion');
  const cachedInput = priceOf(pricing.input_cache_read, 'input_cache_read');
  const request = priceOf(pricing.request, 'request');
  for (const part of [input, output, cachedInput, request]) {
    if (part.kind === 'UNUSABLE') return rejected(part.reason);
  }
  if (request.kind === 'PRICE' && !request.price.isZero()) {
    return rejected('the price has a part for each request, which is not charged here');
  }
  // Speech has no output tokens and caches nothing: its one price is for a character of the text.
  const components = {
    unit,
    ...(input.kind === 'PRICE' ? { input: input.price } : {}),
    ...(output.kind === 'PRICE' && unit === 'TOKEN' ? { output: output.price } : {}),
    ...(cachedInput.kind === 'PRICE' && unit === 'TOKEN' ? { cachedInput: cachedInput.price } : {}),
  };
  if (Object.keys(components).length === 1) return { kind: 'UNKNOWN' };
  return { kind: 'PRICE', row: { modelId: model.id, components } };
}

/** The unit in which Groq prices a model, from what the model makes. */
function unitOf(model: GroqModel): PriceUnit {
  if (model.output_modalities?.includes('speech') === true) return 'CHARACTER';
  if (model.output_modalities?.includes('transcription') === true) return 'AUDIO_SECOND';
  return 'TOKEN';
}

function rejected(reason: string): ListedPrice {
  return { kind: 'REJECTED', reason };
}
