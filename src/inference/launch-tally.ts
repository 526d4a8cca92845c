import type { RefusalCode } from './refusal.ts';
import type { Run } from './run.ts';

/** How one request to launch was answered. */
export type LaunchAnswerKind = 'LAUNCHED' | 'REPLAYED' | RefusalCode;

/** Counts what comes of launches. */
export interface LaunchTally {
  answered(kind: LaunchAnswerKind): void;
  /** A run was ended by this process, as its own or as one that another left, and that is durable. */
  ended(run: Run): void;
  /** A run that was settled or resolved by this process cost more than was reserved, and that is durable. */
  overran(): void;
}
