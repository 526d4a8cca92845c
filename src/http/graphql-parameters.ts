import { clientError } from '../graphql/errors.ts';
import type { Variables } from '../graphql/variable-limits.ts';

/** What a GraphQL request asks for, from a body or a query string. */
export interface GraphQLParameters {
  readonly query: string | undefined;
  /** Clients that have no name for it send none, null or an empty one. */
  readonly operationName: string | undefined;
  readonly variables: Variables | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

const parameterNames = ['query', 'operationName', 'variables', 'extensions'] as const;

/**
 * Reads the JSON body of a POST.
 *
 * @throws MALFORMED_JSON, BATCHING_DISABLED, DUPLICATE_PARAMETER, BAD_REQUEST
 */
export function parametersFromBody(body: string): GraphQLParameters {
  const value = parseJson(body, 'The body');
  if (Array.isArray(value)) {
    throw clientError('BATCHING_DISABLED', 'Send one operation in each request.');
  }
  if (!isRecord(value)) throw clientError('BAD_REQUEST', 'The body has to be a JSON object.');
  if (repeatsParameter(body, value)) {
    throw clientError('DUPLICATE_PARAMETER', 'The body names one of its parameters twice.');
  }
  return {
    query: stringParameter(value, 'query'),
    operationName: stringParameter(value, 'operationName') || undefined,
    variables: recordParameter(value, 'variables'),
    extensions: recordParameter(value, 'extensions'),
  };
}

/**
 * Reads the query string of a GET.
 *
 * @param search - with or without its question mark.
 * @throws MALFORMED_JSON, DUPLICATE_PARAMETER, BAD_REQUEST
 */
export function parametersFromSearch(search: string): GraphQLParameters {
  const given = new URLSearchParams(search);
  const once = (name: string): string | undefined => {
    const values = given.getAll(name);
    if (values.length > 1) {
      throw clientError('DUPLICATE_PARAMETER', `The parameter "${name}" is given twice.`);
    }
    return values[0];
  };
  const record = (name: string): Readonly<Record<string, unknown>> | undefined => {
    const text = once(name);
    if (text === undefined || text === '') return undefined;
    return recordParameter({ [name]: parseJson(text, `The parameter "${name}"`) }, name);
  };
  return {
    query: once('query'),
    operationName: once('operationName') || undefined,
    variables: record('variables'),
    extensions: record('extensions'),
  };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw clientError('MALFORMED_JSON', `${what} is not valid JSON.`);
  }
}

function stringParameter(
  body: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = ownValue(body, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw clientError('BAD_REQUEST', `"${name}" has to be a string.`);
}

function recordParameter(
  body: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const value = ownValue(body, name);
  if (value === undefined || value === null) return undefined;
  if (isRecord(value)) return value;
  throw clientError('BAD_REQUEST', `"${name}" has to be a JSON object.`);
}

function ownValue(body: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether valid JSON names a parameter twice at its top level. `JSON.parse` keeps the last one, another
 * reader on the way may have judged the first.
 */
function repeatsParameter(body: string, value: object): boolean {
  const mayRepeat =
    body.includes('\\u') ||
    parameterNames.some((name) => {
      if (!Object.hasOwn(value, name)) return false;
      const quoted = `"${name}"`;
      const first = body.indexOf(quoted);
      return first !== -1 && body.includes(quoted, first + 1);
    });
  if (!mayRepeat) return false;

  const seen = new Set<string>();
  for (const key of topLevelKeys(body)) {
    if (!(parameterNames as readonly string[]).includes(key)) continue;
    if (seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}

/** The keys of the outermost object of valid JSON, repeated ones included. */
function* topLevelKeys(json: string): Generator<string> {
  let depth = 0;
  let expectsKey = false;
  for (let index = 0; index < json.length; index += 1) {
    switch (json.charAt(index)) {
      case '{':
      case '[':
        depth += 1;
        expectsKey = depth === 1;
        break;
      case '}':
      case ']':
        depth -= 1;
        break;
      case ',':
        expectsKey = depth === 1;
        break;
      case '"': {
        const start = index;
        index += 1;
        while (json[index] !== '"') index += json[index] === '\\' ? 2 : 1;
        if (expectsKey) yield JSON.parse(json.slice(start, index + 1)) as string;
        expectsKey = false;
        break;
      }
      default:
    }
  }
}
