/**
 * Text in UTF-8 with one character for each byte. V8 joins such strings without copying them, keeps them in
 * one byte a character, and they go to a socket as they are: what is assembled from many parts is encoded
 * once, where the parts are made.
 */
export class ByteText {
  readonly characters: string;

  constructor(characters: string) {
    this.characters = characters;
  }

  get byteLength(): number {
    return this.characters.length;
  }

  /** @param text - any text. */
  static charactersOf(text: string): string {
    return isAscii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
  }

  toString(): string {
    return Buffer.from(this.characters, 'latin1').toString('utf8');
  }
}

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const isAscii = /^[\u0000-\u007f]*$/;
