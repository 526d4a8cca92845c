/** What storage throws, where it can tell whether it is merely away. */
export interface StorageFault extends Error {
  /** Storage can't be reached or used now: the same makes sense again soon. */
  readonly isAway: boolean;
}

/** Whether something failed because storage is away. What it was told to store may or may not be stored. */
export function isStorageAway(error: unknown): boolean {
  return error instanceof Error && (error as Partial<StorageFault>).isAway === true;
}
