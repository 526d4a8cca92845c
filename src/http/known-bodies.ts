/** Bodies that are kept at a time; a body takes the place of another whose length ends in the same bits. */
const places = 64;
/** Longer bodies are not kept. */
const maximumBytes = 16 * 1024;

interface KnownBody {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Texts of bodies that come again and again, found by their bytes. To decode a request and to hash its text
 * would cost more than to send the answer that is kept for it.
 */
export class KnownBodies {
  readonly #known: (KnownBody | undefined)[] = Array.from({ length: places });

  /** The text of a body, the very string that was kept; undefined for a body that is not known. */
  find(bytes: Buffer): string | undefined {
    const known = this.#known[bytes.byteLength % places];
    return known?.bytes.equals(bytes) === true ? known.text : undefined;
  }

  /** @param text - to be found again by its bytes in UTF-8, of which a copy is kept. */
  keep(text: string): void {
    const byteLength = Buffer.byteLength(text);
    const place = byteLength % places;
    if (byteLength > maximumBytes || this.#known[place]?.text === text) return;
    this.#known[place] = { bytes: Buffer.from(text), text };
  }
}
