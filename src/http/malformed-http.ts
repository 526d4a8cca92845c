import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { httpStatusByCode } from '../graphql/errors.ts';
import type { ErrorCode } from '../graphql/errors.ts';
import { rawRefusal } from './answers.ts';
import { newRequestId } from './request-id.ts';
import type { RecordedResponse } from './request-record.ts';

/** Refusals by the parser's own error codes; everything else is malformed HTTP. */
const parserRefusals: Readonly<
  Record<string, readonly [Exclude<ErrorCode, 'INTERNAL_SERVER_ERROR'>, string]>
> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The request headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'The chunk extensions are too large.'],
  HPE_INVALID_EOF_STATE: ['BODY_CUT_SHORT', 'The request ended before it was complete.'],
};

/**
 * Answers what the HTTP parser gave up on, in JSON, and closes the connection. Says nothing when an
 * answer is already on its way there, or when the connection is gone.
 */
export function answerMalformed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  log: Pick<Logger, 'debug'>,
  onError: (code: ErrorCode) => void,
): void {
  const response = (socket as Duplex & { readonly _httpMessage?: RecordedResponse | null })
    ._httpMessage;
  if (!socket.writable || error.code === 'ECONNRESET' || response?.headersSent === true) {
    socket.destroy();
    return;
  }
  const [code, message] = parserRefusals[error.code ?? ''] ?? [
    'MALFORMED_HTTP',
    'The request is not valid HTTP.',
  ];
  const record = response?.record;
  if (record !== undefined) {
    record.cutStatus = httpStatusByCode[code];
    record.noteError(code);
  }
  const requestId = record?.id ?? newRequestId();
  onError(code);
  log.debug({ requestId, code, parserCode: error.code }, 'refused a malformed request');
  socket.end(rawRefusal(code, message, requestId), () => socket.destroy());
}

/** Refuses CONNECT, for which there is no response object either. */
export function answerConnect(socket: Duplex): void {
  socket.on('error', () => {});
  const refused = rawRefusal('METHOD_NOT_ALLOWED', 'This is not a proxy.', newRequestId());
  socket.end(refused, () => socket.destroy());
}
