import { readdirSync, readFileSync } from 'node:fs';

/** A recorded exchange with Groq, as `test/fixtures/groq/*.json` holds it. */
export interface RecordedExchange {
  readonly source: string;
  readonly kind: string;
  readonly fidelity: string;
  readonly recorded_at: string;
  readonly note?: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** Parsed JSON, or text; absent where `sse` is. */
    readonly body?: unknown;
    /** The raw event stream. */
    readonly sse?: string;
  };
}

const folder = new URL('../fixtures/groq/', import.meta.url);

/** The recording of this name, without `.json`. */
export function recordedExchange(name: string): RecordedExchange {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as RecordedExchange;
}

/** The names of all recordings that begin with a prefix, sorted. */
export function recordedNames(prefix = ''): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}
