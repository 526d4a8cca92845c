import { createHmac, randomBytes } from 'node:crypto';

/** Drawn once in a process, so that a logged digest can't be searched for among likely values. */
const salt = randomBytes(32);

/** A short name for a value, the same for equal values within this process and safe to log. */
export function digest(value: string): string {
  return createHmac('sha256', salt).update(value).digest('hex').slice(0, 12);
}
