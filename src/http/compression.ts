import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** The content codings in which answers are sent, the better one first. */
export type ContentCoding = 'br' | 'gzip';

/** Smaller answers are not worth compressing. */
const leastCompressedBytes = 1024;

/** `accept-encoding` headers whose meaning is kept; clients send few different ones. */
const maximumKnownHeaders = 100;

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);
const known = new Map<string, ContentCoding | undefined>();

export async function compressed(body: Buffer, coding: ContentCoding): Promise<Buffer> {
  return coding === 'gzip'
    ? await gzipped(body)
    : await brotlied(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
}

/** How an answer of this length is sent to a client with this `accept-encoding`; undefined as it is. */
export function contentCodingFor(
  acceptEncoding: string | readonly string[] | undefined,
  byteLength: number,
): ContentCoding | undefined {
  if (acceptEncoding === undefined || byteLength < leastCompressedBytes) return undefined;
  const header = String(acceptEncoding);
  if (known.has(header)) return known.get(header);
  if (known.size >= maximumKnownHeaders) known.clear();
  const coding = parsedCoding(header);
  known.set(header, coding);
  return coding;
}

function parsedCoding(header: string): ContentCoding | undefined {
  const accepted = new Map(
    header.split(',').map((part): [string, boolean] => {
      const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
      return [name.trim(), !parameters.some((given) => /^\s*q\s*=\s*0(\.0*)?\s*$/.test(given))];
    }),
  );
  if (accepted.get('br') === true) return 'br';
  return accepted.get('gzip') === true ? 'gzip' : undefined;
}
