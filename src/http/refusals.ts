import type { Logger } from 'pino';

import { formatErrorForClient, httpStatusOf, isFault, publicCodeOf } from '../graphql/errors.ts';
import { EVENT_STREAM_TYPE, JSON_TYPE, errorAnswer } from './answers.ts';
import type { HttpAnswer } from './answers.ts';
import { reportFault } from './fault-report.ts';
import type { RequestRecord } from './request-record.ts';
import { refusedStream } from './subscriptions/event-stream.ts';

/** Answers to GraphQL requests that fail as a whole: noted in the record, counted, and logged where the fault is ours. */
export class Refusals {
  readonly #log: Logger;
  readonly #onError: (code: string) => void;

  constructor(log: Logger, onError: (code: string) => void) {
    this.#log = log;
    this.#onError = onError;
  }

  /** Refuses a request before it is known what it asks for. */
  ofRequest(error: unknown, record: RequestRecord, mediaType: string): HttpAnswer {
    return this.ofOperation(
      [error],
      record,
      mediaType === EVENT_STREAM_TYPE ? JSON_TYPE : mediaType,
    );
  }

  /** Refuses an operation, in the form that its client reads. */
  ofOperation(
    errors: readonly unknown[],
    record: RequestRecord,
    mediaType: string,
    headers: Readonly<Record<string, string>> = {},
  ): HttpAnswer {
    for (const error of errors) {
      const code = publicCodeOf(error);
      record.noteError(code);
      this.#onError(code);
      if (isFault(error)) reportFault(this.#log, record, error);
    }
    if (mediaType !== EVENT_STREAM_TYPE) {
      return errorAnswer(errors, record.id, { ...headers, 'content-type': mediaType });
    }
    return toldInStreams.has(httpStatusOf(errors))
      ? refusedStream(errors.map((error) => formatErrorForClient(error, record.id)))
      : errorAnswer(errors, record.id, headers);
  }
}

/** Statuses of errors in an operation itself, which readers of event streams find only in the stream. */
const toldInStreams: ReadonlySet<number> = new Set([400, 404]);
