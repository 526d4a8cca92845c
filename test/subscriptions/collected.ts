import type { Client as WebSocketClient } from 'graphql-ws';
import type { ExecutionResult } from 'graphql';

/** What a client has been given so far, for tests that wait for it. */
export interface Collected<Value> {
  readonly values: readonly Value[];
  /** Resolves when this many have come; rejects when it ends before. */
  count(count: number): Promise<readonly Value[]>;
  /** Resolves with how it ended: undefined when it completed. */
  readonly ended: Promise<unknown>;
}

/** A sink in the shape that the clients of both protocols take. */
export interface Sink<Value> {
  next(value: Value): void;
  error(error: unknown): void;
  complete(): void;
}

export function collect<Value>(): Collected<Value> & { readonly sink: Sink<Value> } {
  const values: Value[] = [];
  const ended = Promise.withResolvers<unknown>();
  let isEnded = false;
  const waiting: { readonly count: number; readonly settle: (error?: Error) => void }[] = [];
  const settleWaiting = (): void => {
    for (const { count, settle } of waiting.slice()) {
      if (values.length >= count) settle();
      else if (isEnded) settle(new Error(`It ended after ${values.length} of ${count}`));
    }
  };
  const end = (how: unknown): void => {
    isEnded = true;
    ended.resolve(how);
    settleWaiting();
  };
  return {
    values,
    ended: ended.promise,
    count(count) {
      return new Promise((resolve, reject) => {
        const entry = {
          count,
          settle: (error?: Error) => {
            waiting.splice(waiting.indexOf(entry), 1);
            if (error === undefined) resolve(values);
            else reject(error);
          },
        };
        waiting.push(entry);
        settleWaiting();
      });
    },
    sink: {
      next(value) {
        values.push(value);
        settleWaiting();
      },
      error: end,
      complete: () => end(undefined),
    },
  };
}

export type Answer = ExecutionResult<Record<string, never>>;

/** Subscribes with graphql-ws and collects. */
export function collectFrom(
  client: WebSocketClient,
  query: string,
  variables?: Record<string, unknown>,
): Collected<Answer> & { readonly stop: () => void } {
  const collected = collect<Answer>();
  const stop = client.subscribe(
    { query, ...(variables === undefined ? {} : { variables }) },
    collected.sink as never,
  );
  return { ...collected, stop };
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It never came to hold');
}
