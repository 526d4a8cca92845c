import { GraphQLError } from 'graphql';
import type { ASTNode, GraphQLErrorExtensions, GraphQLFormattedError } from 'graphql';
import { isStorageAway } from '../domain/storage-away.ts';
import { httpStatusByCode, isErrorCode } from './error-codes.ts';
import type { ErrorCode } from './error-codes.ts';
import { withoutValues } from './quoted-values.ts';

export { httpStatusByCode } from './error-codes.ts';
export type { ErrorCode } from './error-codes.ts';

/** What a client reads in place of a fault of ours. */
const MASKED_MESSAGE = 'Internal server error';

/** What a client reads while storage is away: nothing of where it is. */
const storageAway = {
  message: 'What is stored can not be read or changed now.',
  extensions: {
    reason: 'STORAGE_UNAVAILABLE',
    retryable: true,
    retryAfterSeconds: 1,
    code: 'SERVICE_UNAVAILABLE',
  },
} as const;

/** The longest message that a client is given, in UTF-16 units; graphql-js quotes whole inputs in its own. */
const MAX_MESSAGE_LENGTH = 500;

/**
 * An error that a client may read as it is: its message, its code and the given extensions.
 *
 * Thrown by a resolver it nulls that field and leaves the HTTP status alone; as the reason why a whole
 * request was refused it sets the status of its code.
 *
 * @param node - where in the document it is, for errors that the engine does not place by itself.
 */
export function clientError(
  code: Exclude<ErrorCode, 'INTERNAL_SERVER_ERROR'>,
  message: string,
  extensions: Readonly<Record<string, unknown>> = {},
  node?: ASTNode,
): GraphQLError {
  return new GraphQLError(message, {
    ...(node === undefined ? {} : { nodes: node }),
    extensions: { ...extensions, code },
  });
}

/** Anything that was thrown, in the form that engines and transports pass on. */
export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

/**
 * The code under which an error is shown: its own when it is one of ours, `SERVICE_UNAVAILABLE` when storage is
 * away, else `INTERNAL_SERVER_ERROR`.
 */
export function publicCodeOf(error: unknown): ErrorCode {
  const code = error instanceof GraphQLError ? error.extensions['code'] : undefined;
  if (isErrorCode(code)) return code;
  if (isOfStorage(error)) return 'SERVICE_UNAVAILABLE';
  return isRefusedArgument(error) ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
}

/** Whether an error belongs into the log, because the client is not told what is behind it. */
export function isFault(error: unknown): boolean {
  return publicCodeOf(error) === 'INTERNAL_SERVER_ERROR' || isOfStorage(error);
}

/** Whether something failed because storage is away: an answer without what is stored there would be wrong. */
function isOfStorage(error: unknown): boolean {
  return isStorageAway(error instanceof GraphQLError ? error.originalError : error);
}

/** The HTTP status of a request that failed as a whole with these errors; the first one decides. */
export function httpStatusOf(errors: readonly unknown[]): number {
  return httpStatusByCode[publicCodeOf(errors[0])];
}

/**
 * What a client gets of an error, for every transport.
 *
 * @param formatted - the error's own wire form; its locations and path are kept.
 * @param requestId - put on masked errors, so that a report leads to the line in the log.
 */
export function formatForClient(
  formatted: GraphQLFormattedError,
  error: unknown,
  requestId?: string,
): GraphQLFormattedError {
  const code = publicCodeOf(error);
  const position = {
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
  };
  if (code === 'INTERNAL_SERVER_ERROR') {
    const extensions = requestId === undefined ? { code } : { code, requestId };
    return { message: MASKED_MESSAGE, ...position, extensions };
  }
  if (isOfStorage(error)) return { ...storageAway, ...position };
  return {
    message: withoutDetails(formatted.message),
    ...position,
    extensions: { ...withoutHttp(formatted.extensions ?? {}), code },
  };
}

/** {@link formatForClient} for an error that no engine has formatted yet. */
export function formatErrorForClient(error: unknown, requestId?: string): GraphQLFormattedError {
  const formatted =
    error instanceof GraphQLError ? error.toJSON() : { message: MASKED_MESSAGE, extensions: {} };
  return formatForClient(formatted, error, requestId);
}

/**
 * graphql-js refuses a variable that is null where an argument needs a value only while executing, with
 * an error of its own that carries no code; it is the client's mistake all the same.
 */
function isRefusedArgument(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    (error.originalError === undefined || error.originalError instanceof GraphQLError) &&
    /^Argument "[^"]{1,200}" (?:of |has invalid value )/.test(error.message)
  );
}

function withoutDetails(message: string): string {
  const suggestionAt = message.indexOf(' Did you mean ');
  const plain = withoutValues(suggestionAt === -1 ? message : message.slice(0, suggestionAt));
  return plain.length <= MAX_MESSAGE_LENGTH ? plain : `${plain.slice(0, MAX_MESSAGE_LENGTH)}…`;
}

function withoutHttp(extensions: GraphQLErrorExtensions): GraphQLErrorExtensions {
  const { http: _http, stacktrace: _stacktrace, ...rest } = extensions;
  return rest;
}
