import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { OperationFacts } from '../graphql/document-facts.ts';
import { checkOperation } from '../graphql/document-limits.ts';
import type { DocumentLimits } from '../graphql/document-limits.ts';
import { clientError } from '../graphql/errors.ts';
import { PreparedDocuments } from '../graphql/prepared-documents.ts';
import type { PreparedDocument } from '../graphql/prepared-documents.ts';
import type { GraphQLParameters } from './graphql-parameters.ts';

export interface OperationGateOptions<Context> {
  readonly schema: GraphQLSchema;
  readonly limits: DocumentLimits;
  readonly introspection: boolean;
  /** Why this caller may not run this operation; asked after the limits, before the engine. */
  readonly refuseOperation?:
    ((facts: OperationFacts, context: Context) => GraphQLError | undefined) | undefined;
}

/** A valid document; `facts` is undefined when the operation's name selects none of its operations. */
export interface FoundOperation {
  readonly document: PreparedDocument['document'];
  readonly facts: OperationFacts | undefined;
}

export type Finding =
  | { readonly ok: true; readonly found: FoundOperation }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** What every operation passes on every transport before it is run: one parser, one set of limits. */
export class OperationGate<Context> {
  readonly documents: PreparedDocuments;
  readonly #options: OperationGateOptions<Context>;

  constructor(options: OperationGateOptions<Context>) {
    this.#options = options;
    this.documents = new PreparedDocuments(options.schema, options.limits);
  }

  /** Parses and validates. */
  find({ query, operationName }: GraphQLParameters): Finding {
    const { maxOperationNameLength: limit } = this.#options.limits;
    if (query === undefined || query === '') {
      return refused(clientError('BAD_REQUEST', 'The request has to carry a "query".'));
    }
    if (operationName !== undefined && operationName.length > limit) {
      const message = `The operation name is longer than ${limit} characters.`;
      return refused(clientError('OPERATION_NAME_TOO_LONG', message, { limit }));
    }
    const preparation = this.documents.prepare(query, operationName);
    if (!preparation.ok) return preparation;
    const { prepared } = preparation;
    const facts = prepared.operation(operationName);
    return { ok: true, found: { document: prepared.document, facts } };
  }

  /** What stands against running an operation with these variables for this caller. */
  errorsOf(
    facts: OperationFacts,
    { variables = {} }: GraphQLParameters,
    context: Context,
  ): readonly GraphQLError[] {
    const { limits, introspection, refuseOperation } = this.#options;
    const exceeded = checkOperation(facts, variables, limits);
    if (exceeded.length > 0) return exceeded;
    if (facts.introspectionFields > 0 && !introspection) {
      return [clientError('INTROSPECTION_DISABLED', 'Introspection is switched off.')];
    }
    const refusal = refuseOperation?.(facts, context);
    return refusal === undefined ? [] : [refusal];
  }
}

function refused(error: GraphQLError): Finding {
  return { ok: false, errors: [error] };
}
