import { readFileSync } from 'node:fs';

/** Clock ticks a second in `/proc`, fixed for user space on Linux. */
const ticksPerSecond = 100;

/**
 * Processor time that a process has used by now over all its threads, in milliseconds. It hardly depends on
 * what else the machine does, unlike the time that passed.
 */
export function processorMs(processId: number): number {
  const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
  // The name of the process stands in brackets and may have spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Memory of a process that is not swapped out, in bytes. */
export function residentBytes(processId: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}
