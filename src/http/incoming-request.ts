import { IncomingMessage } from 'node:http';

/** Takes what came of a body: all of it, or why not. */
type WhenCollected = (outcome: Buffer | 'TOO_LARGE' | 'CLIENT_GONE') => void;

interface Collection {
  readonly maxBytes: number;
  readonly whenCollected: WhenCollected;
  readonly chunks: Buffer[];
  length: number;
}

/**
 * A request whose body can be taken whole, as the parser finds it. Nearly every body arrives together with
 * its headers; to send it through a stream and its events would cost as much as the rest of a small answer.
 * Who does not ask for the whole body reads the stream as ever.
 */
export class IncomingRequest extends IncomingMessage {
  #collection: Collection | undefined;

  /**
   * Collects the body; to be called before any of it is read. `whenCollected` is called once, within the
   * parser's own turn. What exceeds the bound goes on into the stream.
   */
  collectBody(maxBytes: number, whenCollected: WhenCollected): void {
    if (this.destroyed) whenCollected('CLIENT_GONE');
    else this.#collection = { maxBytes, whenCollected, chunks: [], length: 0 };
  }

  /** How the parser hands over what it has read; null is the end. */
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const collection = this.#collection;
    if (collection === undefined) return super.push(chunk, encoding);
    if (chunk === null) {
      const ended = super.push(null);
      const [first] = collection.chunks;
      const isWhole = collection.chunks.length === 1 && first !== undefined;
      this.#settle(isWhole ? first : Buffer.concat(collection.chunks, collection.length));
      return ended;
    }
    collection.length += chunk.byteLength;
    if (collection.length > collection.maxBytes) {
      this.#settle('TOO_LARGE');
      return super.push(chunk, encoding);
    }
    collection.chunks.push(chunk);
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#settle('CLIENT_GONE');
    super._destroy(error, callback);
  }

  #settle(outcome: Buffer | 'TOO_LARGE' | 'CLIENT_GONE'): void {
    const collection = this.#collection;
    this.#collection = undefined;
    collection?.whenCollected(outcome);
  }
}
