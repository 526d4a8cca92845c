import type { Logger } from 'pino';

import { redactError } from '../graphql/redaction.ts';
import type { RequestRecord } from './request-record.ts';

/** Logs a fault of ours, redacted, under the ids by which the client may ask for it. */
export function reportFault(
  log: Logger,
  record: (Pick<RequestRecord, 'id'> & Partial<RequestRecord>) | undefined,
  error: unknown,
): void {
  const { path, originalError } = (error ?? {}) as {
    readonly path?: readonly (string | number)[];
    readonly originalError?: unknown;
  };
  log.error(
    {
      requestId: record?.id,
      traceId: record?.traceId,
      operation: record?.operationName,
      path: path?.join('.'),
      error: redactError(originalError ?? error),
    },
    'a request met a fault',
  );
}
