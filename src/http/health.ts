import { jsonAnswer } from './answers.ts';
import type { HttpAnswer } from './answers.ts';

/** What the service says of itself. */
export interface HealthReport {
  /** Whether there is a catalogue to answer from. */
  readonly ready: boolean;
  /** What works less well than it should, in words for the operator; none of it is a reason to restart. */
  readonly degraded: readonly string[];
}

/** `/livez`: the process turns its event loop. Depends on nothing else. */
export function livenessAnswer(): HttpAnswer {
  return jsonAnswer(200, { status: 'live' });
}

/** `/readyz`: whether requests should come here. 503 before the first snapshot and while draining. */
export function readinessAnswer(report: HealthReport, draining: boolean): HttpAnswer {
  const { degraded } = report;
  if (draining) return jsonAnswer(503, { status: 'draining', degraded });
  return report.ready
    ? jsonAnswer(200, { status: 'ready', degraded })
    : jsonAnswer(503, { status: 'starting', degraded });
}
