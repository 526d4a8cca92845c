import { randomFillSync } from 'node:crypto';

const idBytes = 16;
/** Random bytes for the next ids: to fetch them for each would cost a request more than its id is worth. */
const randomBytes = Buffer.alloc(256 * idBytes);
let usedBytes = randomBytes.byteLength;

/** A new id of 128 random bits, as 32 hexadecimal digits, for a request that brought none. */
export function newRequestId(): string {
  if (usedBytes === randomBytes.byteLength) {
    randomFillSync(randomBytes);
    usedBytes = 0;
  }
  const start = usedBytes;
  usedBytes += idBytes;
  return randomBytes.toString('hex', start, usedBytes);
}
