import type { Metrics } from './http/metrics.ts';
import type { Launcher } from './inference/launcher.ts';
import type { LaunchTally } from './inference/launch-tally.ts';

/** Seconds that a launch took beside its call to the provider, waiting for a place included. */
const overheadBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30];

/** Counts launches, runs and attempts apart: an intent is one run, however often it is asked for or sent. */
export function countLaunches(metrics: Metrics): LaunchTally {
  const answers = metrics.counter({
    name: 'launches_total',
    help: 'Requests to launch by their answer: LAUNCHED, REPLAYED, or why they were refused.',
    labels: ['answer'],
  });
  const runs = metrics.counter({
    name: 'runs_ended_total',
    help: 'Runs that this process ended, its own or left by another, by state and certainty of cost.',
    labels: ['state', 'certainty'],
  });
  const attempts = metrics.counter({
    name: 'attempts_total',
    help: 'Times that runs were sent to a provider, by what is certain about them.',
    labels: ['outcome'],
  });
  const overruns = metrics.counter({
    name: 'overruns_total',
    help: 'Runs that cost more than was reserved; the difference is the operator’s.',
  });
  const overhead = metrics.histogram({
    name: 'launch_overhead_seconds',
    help: 'Time of a run beside its call to the provider, waiting for a place included.',
    buckets: overheadBuckets,
  });
  return {
    answered: (answer) => answers.inc({ answer }),
    ended: (run) => {
      runs.inc({ state: run.state, certainty: run.cost.certainty });
      const { overheadMs } = run.timing;
      if (overheadMs !== undefined) overhead.observe(overheadMs / 1_000);
      for (const { sentAtMs, outcome } of run.attempts) {
        // A new try under the same key keeps the attempts of the one before.
        if (sentAtMs >= run.reservedAtMs) attempts.inc({ outcome: outcome ?? 'UNKNOWN' });
      }
    },
    overran: () => overruns.inc(),
  };
}

/** Shows how full the places at each provider are, read at each scrape. */
export function showPlaces(metrics: Metrics, launcherOf: () => Launcher | undefined): void {
  metrics.gauge(
    {
      name: 'launch_places',
      help: 'Runs of this process in flight at a provider, and those that wait for a place there.',
      labels: ['provider', 'use'],
    },
    (gauge) => {
      gauge.reset();
      for (const [provider, { taken, queued }] of launcherOf()?.places ?? []) {
        gauge.set({ provider, use: 'in_flight' }, taken);
        gauge.set({ provider, use: 'queued' }, queued);
      }
    },
  );
}
