import type { Clock } from '../domain/clock.ts';
import { pause } from './pause.ts';
import type { SecretLog } from './secret-store.ts';
import { isRecord, type VaultAnswer } from './vault-failure.ts';
import { leaseOf, type Lease, type Login } from './vault-login.ts';
import { jittered } from './vault-login-gate.ts';

export interface LeaseKeeping {
  readonly login: Login;
  readonly clock: Clock;
  readonly log: SecretLog;
  /** Aborts when the token is replaced or the store stops. */
  readonly signal: AbortSignal;
  /** Logs in anew; true when there is a new session. Absent for a token that only its owner can replace. */
  readonly replace: (() => Promise<boolean>) | undefined;
  /** Receives what an operator should know about the token, undefined when there is nothing any more. */
  readonly warn: (warning: string | undefined) => void;
}

const renewBackoffMs = { first: 10_000, longest: 5 * 60_000 };
const loginPauseMs = 10_000;
const shortestPauseMs = 1_000;
const dayMs = 24 * 3_600_000;

/**
 * Renews a token at 70 to 73 % of its life, until it can't be renewed any further: near the end of its
 * maximum life each renewal gives less. The last 10 to 20 % of a whole lease are never waited away: they
 * are time to log in anew while the token still works.
 */
export async function keepLease(keeping: LeaseKeeping): Promise<void> {
  const { login, clock, log, signal } = keeping;
  const graceMs = login.lease.durationMs * (0.1 + Math.random() / 10);
  let lease = login.lease;
  let endsAt = clock.monotonic() + lease.durationMs;
  let failures = 0;
  while (lease.renewable && endsAt - clock.monotonic() > graceMs) {
    const leftMs = endsAt - clock.monotonic();
    const dueMs = failures === 0 ? (leftMs * 2) / 3 + graceMs / 3 : backoffMs(failures);
    const waitMs = Math.max(Math.min(dueMs, leftMs - graceMs), shortestPauseMs);
    if (!(await pause(clock, waitMs, signal))) return;
    const answer = await login.client.renewSelf();
    if (signal.aborted) return;
    if (answer.ok) {
      lease = renewedLease(answer);
      endsAt = clock.monotonic() + lease.durationMs;
      failures = 0;
      log('vault.token.renewed', {
        accessor: login.accessor,
        leaseSeconds: lease.durationMs / 1000,
      });
      // Nothing to count from any more: should the token end after all, a 403 leads to a login.
      if (lease.durationMs === 0) return;
      continue;
    }
    failures += 1;
    log('vault.token.renewal-failed', {
      accessor: login.accessor,
      reason: answer.failure.reason,
    });
    if (answer.failure.kind === 'FORBIDDEN') {
      // Gone, or without the right to renew itself: waiting gains nothing where a login can follow.
      if (keeping.replace !== undefined) endsAt = clock.monotonic();
      break;
    }
    if (answer.failure.kind !== 'UNREACHABLE') break;
  }
  await replaceBeforeEnd(keeping, endsAt, graceMs);
}

async function replaceBeforeEnd(
  keeping: LeaseKeeping,
  endsAt: number,
  graceMs: number,
): Promise<void> {
  const { clock, log, signal, replace } = keeping;
  const leftMs = endsAt - clock.monotonic();
  if (replace === undefined) {
    const end = new Date(clock.now() + leftMs).toISOString();
    const warning = `the Vault token ends at ${end}, can't be renewed any further, and has to be given anew`;
    log('vault.token.mortal', { accessor: keeping.login.accessor, reason: warning });
    const noticeMs = Math.min(dayMs, keeping.login.lease.durationMs / 3);
    if (await pause(clock, Math.max(0, leftMs - noticeMs), signal)) keeping.warn(warning);
    return;
  }
  if (!(await pause(clock, Math.max(0, leftMs - graceMs), signal))) return;
  while (!signal.aborted && !(await replace())) {
    if (!(await pause(clock, jittered(loginPauseMs), signal))) return;
  }
}

function renewedLease(answer: VaultAnswer & { readonly ok: true }): Lease {
  const auth = isRecord(answer.body) ? answer.body['auth'] : undefined;
  return isRecord(auth)
    ? leaseOf(auth['lease_duration'], auth['renewable'])
    : { durationMs: 0, renewable: false };
}

function backoffMs(failures: number): number {
  return Math.min(renewBackoffMs.longest, renewBackoffMs.first * 2 ** (failures - 1));
}
