/** Counts the turns of the event loop that others had while `work` was under way. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let underWay = true;
  const count = (): void => {
    turns += 1;
    if (underWay) setImmediate(count);
  };
  setImmediate(count);
  try {
    await work();
  } finally {
    underWay = false;
  }
  return turns;
}
