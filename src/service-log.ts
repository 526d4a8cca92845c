import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import { redactError } from './graphql/redaction.ts';

/**
 * The service's log: JSON, one line for each event. What is put into `error` is written with its type,
 * message and causes, redacted; an error's other properties may hold whole requests and are left out.
 *
 * @param fieldsOfNow - what every line says beside its own fields, such as the trace that it belongs to.
 */
export function createLog(
  level: string,
  fieldsOfNow?: () => object,
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    serializers: {
      error: (error: unknown): unknown => (error instanceof Error ? redactError(error) : error),
    },
    ...(fieldsOfNow === undefined ? {} : { mixin: fieldsOfNow }),
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
