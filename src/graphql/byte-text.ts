/**
 * Text in UTF-8 with one character for each byte. V8 joins such strings without copying them, keeps them in
 * one byte a character, and they are written into memory as they are: what is assembled from many parts is
 * encoded once, where the parts are made.
 */
export class ByteText {
  readonly #parts: readonly string[];
  readonly byteLength: number;

  /** @param parts - in the characters that {@link bytesOf} gives. */
  constructor(parts: readonly string[]) {
    this.#parts = parts;
    this.byteLength = parts.reduce((length, part) => length + part.length, 0);
  }

  /** Writes all of it to the beginning of a buffer that has room for it. */
  writeTo(memory: Buffer): void {
    let offset = 0;
    for (const part of this.#parts) offset += memory.write(part, offset, 'latin1');
  }

  /** All of it, one character for each byte, where it is one part. */
  get onePart(): string | undefined {
    return this.#parts.length === 1 ? this.#parts[0] : undefined;
  }

  toBuffer(): Buffer {
    const memory = Buffer.allocUnsafeSlow(this.byteLength);
    this.writeTo(memory);
    return memory;
  }

  toString(): string {
    return this.toBuffer().toString('utf8');
  }
}

/** The bytes of a text in UTF-8, one character for each. */
export function bytesOf(text: string): string {
  return isAscii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The same bytes as one string; V8 would else gather them from their smallest pieces each time. */
export function inOnePiece(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('latin1');
}

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const isAscii = /^[\u0000-\u007f]*$/;

/** Longer parts would be made into one piece in memory of their own before they are written. */
const longestPart = 16 * 1024;

/** Puts a {@link ByteText} together. */
export class ByteTextBuilder {
  readonly #parts: string[] = [];
  #part = '';

  /** @param bytes - in the characters that {@link bytesOf} gives. */
  add(bytes: string): void {
    this.#part += bytes;
    if (this.#part.length > longestPart) {
      this.#parts.push(this.#part);
      this.#part = '';
    }
  }

  build(): ByteText {
    return new ByteText([...this.#parts, this.#part]);
  }
}
