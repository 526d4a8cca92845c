import type { GraphQLFormattedError } from 'graphql';

/** What a subscription gives next. */
export type StreamStep =
  /** A GraphQL answer as JSON text, errors masked. */
  | { readonly kind: 'RESULT'; readonly json: string }
  /** There is nothing more to come. */
  | { readonly kind: 'END' }
  /** It could not go on; errors as a client may read them. */
  | { readonly kind: 'FAILED'; readonly errors: readonly GraphQLFormattedError[] };

/**
 * The results of one subscription, made as they are asked for: who asks slowly makes nobody keep anything
 * for him.
 */
export interface ResultStream {
  /** Never rejects. One call at a time. */
  next(): Promise<StreamStep>;
  /** Lets go of everything; a pending `next` resolves with `END`. */
  close(): void;
}

const end: StreamStep = { kind: 'END' };

/**
 * A stream of what a generator gives.
 *
 * @param abort - aborted when the stream is closed, upon which the generator has to end by itself.
 * @param failed - says what a client may read of an error that the generator throws.
 * @param onClose - called once.
 */
export function resultStream(
  generator: AsyncGenerator<string, void, undefined>,
  abort: AbortController,
  failed: (error: unknown) => readonly GraphQLFormattedError[],
  onClose: () => void,
): ResultStream {
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    abort.abort();
    // Runs the generator's cleaning up where it waits to be asked for more; it never rejects for that.
    void generator.return().catch(() => undefined);
    onClose();
  };
  return {
    close,
    async next() {
      if (isClosed) return end;
      try {
        const { done, value } = await generator.next();
        if (done !== true && !isClosed) return { kind: 'RESULT', json: value };
        close();
        return end;
      } catch (error) {
        close();
        return { kind: 'FAILED', errors: failed(error) };
      }
    },
  };
}
