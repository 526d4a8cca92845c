import type { Clock } from '../domain/clock.ts';
import type { InferenceDelta } from '../domain/inference.ts';
import type { ContentSealer } from './content.ts';
import type { Ledger } from './ledger.ts';
import { persisted } from './persist.ts';
import type { NewEvent, RunEvent, StoredEvent } from './ledger-store.ts';

/** How long a piece may wait for company, in milliseconds, and how many characters may gather. */
const gatherMs = 50;
const gatherCharacters = 4096;

export interface EventWriterOptions {
  readonly runId: string;
  readonly ledger: Ledger;
  readonly sealer: ContentSealer;
  readonly clock: Clock;
  readonly expiresAtMs: number;
  /** Called for each event once it is durable. */
  readonly publish: (event: RunEvent) => void;
}

/**
 * Gathers the pieces of a stream, stores them in order and only then lets anybody see them. The provider
 * is read no faster than pieces can be stored.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  #gathered: InferenceDelta[] = [];
  #characters = 0;
  #position = 0;
  #timer: AbortController | undefined;
  #writes: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** Takes a piece; waits when enough has gathered to be written. */
  async add(delta: InferenceDelta): Promise<void> {
    const last = this.#gathered.at(-1);
    if (last !== undefined && last.kind !== 'TOOL_CALL' && last.kind === delta.kind) {
      this.#gathered[this.#gathered.length - 1] = { kind: last.kind, text: last.text + delta.text };
    } else {
      this.#gathered.push(delta);
    }
    this.#characters +=
      delta.kind === 'TOOL_CALL' ? delta.toolCall.arguments.length : delta.text.length;
    if (this.#characters >= gatherCharacters) await this.flush();
    else this.#startTimer();
  }

  /** Writes what has gathered; resolves when it is durable. */
  async flush(): Promise<void> {
    this.#timer?.abort();
    this.#timer = undefined;
    const events = this.#takeGathered();
    this.#writes = this.#writes.then(async () => await this.#write(events));
    await this.#writes;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What is still unwritten and the mark of the end, to be stored in the step that settles the run. */
  async closing(): Promise<readonly NewEvent[]> {
    this.#timer?.abort();
    await this.#writes;
    const events = this.#takeGathered();
    this.#position += 1;
    return [...events, { position: this.#position, atMs: this.#options.clock.now(), body: null }];
  }

  /** Lets readers see events that {@link closing} gave and that are durable now. */
  publish(events: readonly NewEvent[]): void {
    const { sealer, publish } = this.#options;
    for (const event of events) publish(openedEvent(sealer, event));
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#options.clock
      .sleep(gatherMs, timer.signal)
      .then(async () => await this.flush())
      .catch((error: unknown) => {
        if (!timer.signal.aborted) this.#failure = error;
      });
  }

  #takeGathered(): NewEvent[] {
    const { sealer, clock } = this.#options;
    const events = this.#gathered.map((delta): NewEvent => {
      this.#position += 1;
      return {
        position: this.#position,
        atMs: clock.now(),
        body: sealer.seal(JSON.stringify(delta)),
      };
    });
    this.#gathered = [];
    this.#characters = 0;
    return events;
  }

  async #write(events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0 || this.#failure !== undefined) return;
    const { ledger, runId, expiresAtMs, clock } = this.#options;
    let isRepeat = false;
    try {
      await persisted(
        clock,
        async () => {
          // What failed may be stored all the same, and only its answer be lost.
          if (isRepeat && (await this.#isStored(events))) return;
          isRepeat = true;
          await ledger.appendEvents(runId, events, expiresAtMs);
        },
        () => undefined,
      );
      this.publish(events);
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Whether events that are written in one step are there: then the first of them is. */
  async #isStored([first]: readonly NewEvent[]): Promise<boolean> {
    if (first === undefined) return true;
    const { ledger, runId } = this.#options;
    const [stored] = await ledger.store.events(runId, first.position - 1, 1);
    return stored?.position === first.position && stored.body === first.body;
  }
}

/** A stored event as readers see it. */
export function openedEvent(sealer: ContentSealer, event: StoredEvent): RunEvent {
  const { position, atMs, body } = event;
  const text = body === null ? undefined : sealer.open(body);
  return {
    position,
    atMs,
    delta: text === undefined ? undefined : (JSON.parse(text) as InferenceDelta),
    isEnd: body === null,
  };
}
