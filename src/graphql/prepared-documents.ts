import { createHash } from 'node:crypto';
import { GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { operationFacts } from './document-facts.ts';
import type { OperationFacts } from './document-facts.ts';
import { checkFacts } from './document-limits.ts';
import type { DocumentLimits } from './document-limits.ts';
import { clientError } from './errors.ts';
import type { ErrorCode } from './errors.ts';

/** A valid document. Its operations still have to pass `checkOperation`, with their variables. */
export interface PreparedDocument {
  readonly document: DocumentNode;
  /** Undefined when `operationName` selects no operation. */
  operation(operationName: string | null | undefined): OperationFacts | undefined;
}

export type Preparation =
  | { readonly ok: true; readonly prepared: PreparedDocument }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** Documents kept, and their text's length altogether in UTF-16 units. */
const MAX_KEPT_DOCUMENTS = 1_000;
const MAX_KEPT_TEXT = 8 * 1024 * 1024;

/** A longer document is prepared anew each time. */
const MAX_KEPT_DOCUMENT_TEXT = 64 * 1024;

/** Errors that one invalid document is answered with. */
const MAX_VALIDATION_ERRORS = 10;

interface KeptDocument {
  readonly preparation: Preparation & { readonly ok: true };
  readonly textLength: number;
  readonly hash: string;
}

/**
 * Turns query text into documents that may be executed, for every transport: parse with a bound on
 * tokens, refuse what exceeds the limits, and only then validate, because validation is what a hostile
 * document makes slow. Good documents are kept, the least recently used are forgotten first.
 */
export class PreparedDocuments {
  readonly #schema: GraphQLSchema;
  readonly #limits: DocumentLimits;
  readonly #byText = new Map<string, KeptDocument>();
  readonly #byHash = new Map<string, DocumentNode>();
  #keptText = 0;

  constructor(schema: GraphQLSchema, limits: DocumentLimits) {
    this.#schema = schema;
    this.#limits = limits;
  }

  prepare(text: string, operationName: string | null | undefined): Preparation {
    const kept = this.#byText.get(text);
    if (kept === undefined) return this.#prepareAnew(text, operationName);
    // Re-inserted, so that the map's order is the order of use.
    this.#byText.delete(text);
    this.#byText.set(text, kept);
    return kept.preparation;
  }

  /** A kept document by the SHA-256 of its text, in hexadecimal. */
  byHash(hash: string): DocumentNode | undefined {
    return this.#byHash.get(hash);
  }

  #prepareAnew(text: string, operationName: string | null | undefined): Preparation {
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens: this.#limits.maxTokens });
    } catch (error) {
      return { ok: false, errors: [this.#parseError(error)] };
    }
    const facts = operationFacts(this.#schema, document, operationName);
    const exceeded = facts === undefined ? [] : checkFacts(facts, this.#limits);
    if (exceeded.length > 0) return { ok: false, errors: exceeded };

    const invalid = validate(this.#schema, document, specifiedRules, {
      maxErrors: MAX_VALIDATION_ERRORS,
      hideSuggestions: true,
    });
    if (invalid.length > 0) {
      return {
        ok: false,
        errors: invalid.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')),
      };
    }
    const preparation = {
      ok: true,
      prepared: {
        document,
        operation: (name) => operationFacts(this.#schema, document, name),
      },
    } as const satisfies Preparation;
    this.#keep(text, document, preparation);
    return preparation;
  }

  #parseError(error: unknown): GraphQLError {
    if (!(error instanceof GraphQLError)) throw error;
    if (/more tha[nt] \d+ tokens/.test(error.message)) {
      const { maxTokens } = this.#limits;
      return clientError(
        'DOCUMENT_TOO_MANY_TOKENS',
        `The document has more than ${maxTokens} tokens.`,
        { limit: maxTokens },
      );
    }
    return withCode(error, 'GRAPHQL_PARSE_FAILED');
  }

  #keep(text: string, document: DocumentNode, preparation: KeptDocument['preparation']): void {
    if (text.length > MAX_KEPT_DOCUMENT_TEXT) return;
    const hash = createHash('sha256').update(text).digest('hex');
    this.#byText.set(text, { preparation, textLength: text.length, hash });
    this.#byHash.set(hash, document);
    this.#keptText += text.length;
    for (const [oldest, { textLength, hash }] of this.#byText) {
      if (this.#byText.size <= MAX_KEPT_DOCUMENTS && this.#keptText <= MAX_KEPT_TEXT) break;
      this.#byText.delete(oldest);
      this.#byHash.delete(hash);
      this.#keptText -= textLength;
    }
  }
}

function withCode(error: GraphQLError, code: ErrorCode): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { ...error.extensions, code },
  });
}
