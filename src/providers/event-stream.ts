/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** `message` unless the event names itself. */
  readonly name: string;
  readonly data: string;
}

/**
 * Cuts a body into server-sent events (HTML Living Standard, 9.2), wherever its pieces begin and end.
 *
 * It is stricter than the standard in one point: a line that is no field of an event is a fault, because
 * passing over it could lose part of an answer without a trace.
 */
export class EventStreamParser {
  readonly #maximumEventBytes: number;
  #openLine: Buffer[] = [];
  #lineBytes = 0;
  #data: string[] = [];
  #dataBytes = 0;
  #name = '';
  #events: ServerSentEvent[] = [];
  #skipsLineFeed = false;
  #isFirstLine = true;
  #fault: string | undefined;

  /** @param maximumEventBytes bound of one event with all its lines; a longer one is a fault. */
  constructor(maximumEventBytes: number) {
    this.#maximumEventBytes = maximumEventBytes;
  }

  /** Why the stream cannot be read on; nothing is taken after it. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Takes the next piece of the body; gives the events that it completes, those before a fault included. */
  push(piece: Buffer): readonly ServerSentEvent[] {
    let start = 0;
    if (this.#skipsLineFeed && piece.length > 0) {
      this.#skipsLineFeed = false;
      if (piece[0] === lineFeed) start = 1;
    }
    for (let at = start; at < piece.length && this.#fault === undefined; at += 1) {
      const byte = piece[at];
      if (byte !== lineFeed && byte !== carriageReturn) continue;
      this.#keep(piece.subarray(start, at));
      this.#endLine();
      if (byte === carriageReturn) {
        if (at + 1 === piece.length) this.#skipsLineFeed = true;
        else if (piece[at + 1] === lineFeed) at += 1;
      }
      start = at + 1;
    }
    this.#keep(piece.subarray(start));
    return this.#takeEvents();
  }

  /** Takes the end of the body; gives the event that it left without a blank line, which may be a torn one. */
  end(): readonly ServerSentEvent[] {
    if (Buffer.concat(this.#openLine).toString().startsWith('data:')) this.#endLine();
    if (this.#fault === undefined) this.#endEvent();
    return this.#takeEvents();
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0 || this.#fault !== undefined) return;
    this.#lineBytes += bytes.length;
    if (this.#dataBytes + this.#lineBytes > this.#maximumEventBytes) {
      this.#fault = `an event is longer than ${this.#maximumEventBytes} bytes`;
      return;
    }
    this.#openLine.push(bytes);
  }

  #endLine(): void {
    if (this.#fault !== undefined) return;
    const [only] = this.#openLine;
    const bytes = this.#openLine.length === 1 && only ? only : Buffer.concat(this.#openLine);
    let line = bytes.toString('utf8');
    if (this.#isFirstLine && line.startsWith(byteOrderMark)) line = line.slice(1);
    this.#isFirstLine = false;
    this.#openLine = [];
    if (line === '') this.#endEvent();
    else this.#takeField(line);
    this.#lineBytes = 0;
  }

  #takeField(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    switch (field) {
      case 'data':
        this.#data.push(value);
        this.#dataBytes += this.#lineBytes;
        return;
      case 'event':
        this.#name = value;
        return;
      // A line that begins with a colon is a comment; it keeps the connection alive.
      case '':
      case 'id':
      case 'retry':
        return;
      default:
        this.#fault = 'a line is no field of an event';
    }
  }

  #endEvent(): void {
    const data = this.#data.join('\n');
    if (this.#data.length > 0) this.#events.push({ name: this.#name || 'message', data });
    this.#data = [];
    this.#name = '';
    this.#dataBytes = 0;
  }

  #takeEvents(): readonly ServerSentEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = '\ufeff';
