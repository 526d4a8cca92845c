/**
 * A promise that nothing ends: what a dead process waits for. A new one each time, because one that is shared
 * would hold on to everything that ever waited for it.
 */
export async function never(): Promise<never> {
  return await new Promise<never>(() => {});
}
