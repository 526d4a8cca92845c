/**
 * Every code that an error of this service may carry, with the HTTP status of a request that failed as
 * a whole because of it. An error inside a partial answer leaves the status at 200.
 */
export const httpStatusByCode = {
  // The request as HTTP.
  BAD_REQUEST: 400,
  MALFORMED_HTTP: 400,
  MISSING_HOST: 400,
  BODY_CUT_SHORT: 400,
  MALFORMED_BODY: 400,
  MALFORMED_JSON: 400,
  DUPLICATE_PARAMETER: 400,
  BATCHING_DISABLED: 400,
  CSRF_BLOCKED: 400,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  EXPECTATION_FAILED: 417,
  HOST_NOT_ALLOWED: 421,
  HEADERS_TOO_LARGE: 431,

  // The caller.
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,

  // The operation.
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  BAD_USER_INPUT: 400,
  PERSISTED_QUERY_NOT_FOUND: 200,
  PERSISTED_QUERY_NOT_SUPPORTED: 200,
  INTROSPECTION_DISABLED: 400,
  SUBSCRIPTION_TRANSPORT_REQUIRED: 400,
  SUBSCRIPTIONS_ONLY: 400,
  CALLBACK_REFUSED: 400,
  TOO_MANY_SUBSCRIPTIONS: 429,
  SUBSCRIBER_TOO_SLOW: 429,

  // The limits on documents and variables.
  OPERATION_NAME_TOO_LONG: 400,
  DOCUMENT_TOO_MANY_TOKENS: 400,
  DOCUMENT_TOO_DEEP: 400,
  DOCUMENT_TOO_MANY_ALIASES: 400,
  DOCUMENT_TOO_MANY_DIRECTIVES: 400,
  DOCUMENT_TOO_MANY_REPEATS: 400,
  DOCUMENT_TOO_MANY_ROOT_FIELDS: 400,
  DOCUMENT_TOO_MANY_REPRESENTATIONS: 400,
  DOCUMENT_TOO_COSTLY: 400,
  VARIABLES_TOO_DEEP: 400,
  VARIABLES_TOO_LARGE: 400,
  VARIABLES_FORBIDDEN_NAME: 400,

  // This service.
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const satisfies Readonly<Record<string, number>>;

export type ErrorCode = keyof typeof httpStatusByCode;

/** Whether a code found on an error is one of ours; anything else is not shown to a client. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(httpStatusByCode, code);
}
