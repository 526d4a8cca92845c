/** Bytes of one piece. Larger answers get memory of their own. */
const pieceBytes = 256 * 1024;
/** Pieces that are kept for the next answers. */
const maximumPieces = 64;

const pieces: Buffer[] = [];

/**
 * Memory for an answer that is sent once, to be given back when it is out. To have it allocated and collected
 * for each answer would cost more than to write the answer into it.
 */
export function borrowMemory(byteLength: number): Buffer {
  if (byteLength > pieceBytes) return Buffer.allocUnsafeSlow(byteLength);
  return pieces.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
}

/** Nobody may read or write the memory afterwards. */
export function giveBackMemory(memory: Buffer): void {
  if (memory.byteLength === pieceBytes && pieces.length < maximumPieces) pieces.push(memory);
}
