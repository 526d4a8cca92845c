import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into a measured process before everything else: at SIGUSR2 it writes how long the event loop was
 * held up at most since the last time, in milliseconds, to the file named by `LOOP_DELAY_FILE`.
 */
const resolutionMs = 5;
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();
process.on('SIGUSR2', () => {
  const longestMs = Math.max(0, delay.max / 1e6 - resolutionMs);
  delay.reset();
  writeFileSync(process.env['LOOP_DELAY_FILE'] ?? '', `${longestMs}\n`);
});
