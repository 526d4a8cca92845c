import type { Logger } from 'pino';

import type { RequestRecord } from './request-record.ts';

/** How much of a path the access log keeps. */
const MAX_LOGGED_PATH = 200;

/**
 * Writes the access log's line of one request. What comes again and again and tells nothing new, answers
 * from finished bytes and the questions of machines, is told only to those who debug.
 */
export function logRequest(
  log: Logger,
  record: RequestRecord,
  status: number,
  durationMs: number,
): void {
  const isRoutine = record.isRepeated || record.kind === 'health' || record.kind === 'metrics';
  if (isRoutine && !log.isLevelEnabled('debug')) return;
  const line = {
    method: record.method,
    path: record.path.slice(0, MAX_LOGGED_PATH),
    kind: record.kind,
    operation: record.operationName,
    status,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    requestId: record.id,
    traceId: record.traceId,
    ...(record.errorCodes.length === 0 ? {} : { errors: record.errorCodes }),
  };
  if (isRoutine) log.debug(line, 'request');
  else log.info(line, 'request');
}
