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
  return pino(options, destination ?? batchedOutput());
}

/** Takes one event with its fields. */
export type EventLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** The log as parts take it that know no logger: what has an error or a reason is a warning. */
export function eventLog(log: Logger): EventLog {
  return (event, fields) => {
    if (fields['error'] !== undefined || fields['reason'] !== undefined) log.warn(fields, event);
    else log.info(fields, event);
  };
}

/** Characters that are written to the standard output at once. */
const batchCharacters = 16 * 1024;
/** How long a line may wait for others, in milliseconds. */
const longestWaitMs = 10;

/**
 * Writes lines to the standard output, many at once: to write each by itself would cost a request as much as
 * its answer. A line waits for a moment at most, warnings and errors not at all, and nothing is left behind
 * when the process ends by itself. Where nobody reads any more, lines are lost and the service goes on.
 */
function batchedOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let batch = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const lines = batch;
    batch = '';
    if (lines !== '') output.write(lines);
  };
  process.on('exit', flush);
  return {
    write(line) {
      batch += line;
      if (isUrgent(line) || batch.length >= batchCharacters) flush();
      else timer ??= setTimeout(flush, longestWaitMs).unref();
    },
  };
}

/** Every line begins with its level: 40 is a warning, more is worse. */
function isUrgent(line: string): boolean {
  return line.charCodeAt('{"level":'.length) >= '4'.charCodeAt(0);
}
