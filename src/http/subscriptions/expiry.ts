import type { Caller } from '../../callers/caller.ts';

/** The longest timer of the runtime, in milliseconds; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Acts once when a caller's token expires.
 *
 * @param now - milliseconds since the epoch.
 * @returns what calls it off.
 */
export function atExpiry(
  { expiresAtMs }: Pick<Caller, 'expiresAtMs'>,
  now: () => number,
  act: () => void,
): () => void {
  if (expiresAtMs === undefined) return () => undefined;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const restMs = expiresAtMs - now();
    timer = setTimeout(restMs <= 0 ? act : arm, Math.min(Math.max(0, restMs), longestTimerMs));
  };
  arm();
  return () => clearTimeout(timer);
}
