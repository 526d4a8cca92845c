import { onTestFinished } from 'vitest';

import { startLiveService } from '../support/live-service.ts';
import type { LiveService, LiveServiceOptions } from '../support/live-service.ts';

/** A live service that the running test has for itself; it is stopped with the test. */
export async function startForThisTest(options: LiveServiceOptions = {}): Promise<LiveService> {
  const started = await startLiveService(options);
  onTestFinished(async () => await started.stop());
  return started;
}
