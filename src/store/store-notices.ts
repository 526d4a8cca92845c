/**
 * Short words between the processes of one database: `catalogue` for a new version, `run:<id>` for a run
 * with news, `cancel:<id>` for one that is to be stopped, `*` when notices may have been missed.
 *
 * A notice may be lost or come twice: it only says that looking now is worth while.
 */
export interface StoreNotices {
  /** Tells every process, this one too, some milliseconds later. */
  send(notice: string): void;
  /** Calls back for each notice until the function that it gives is called. */
  listen(listener: (notice: string) => void): () => void;
}

/** For an engine that has one process. */
export const noNotices: StoreNotices = {
  send: () => undefined,
  listen: () => () => undefined,
};
