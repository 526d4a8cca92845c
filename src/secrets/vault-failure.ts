/**
 * Why Vault gave no success, sorted by what the caller has to do.
 *
 * - `UNREACHABLE`: weather. No answer, or none that Vault itself decided on: try later, keep what is held.
 * - `FORBIDDEN`: 403. The token is bad or the policy says no; Vault's wording doesn't tell reliably.
 * - `ABSENT`: 404 in Vault's own form; `absence` says which.
 * - `REJECTED`: our request was wrong; repeating it changes nothing.
 * - `LOGIN_REFUSED`: Vault answered that the credentials don't do.
 * - `UNCONFIGURED`: a credential or a file is missing on our side.
 */
export interface VaultFailure {
  readonly kind:
    'UNREACHABLE' | 'FORBIDDEN' | 'ABSENT' | 'REJECTED' | 'LOGIN_REFUSED' | 'UNCONFIGURED';
  /** For operators: our own words, never a text of the server, which may quote a secret id. */
  readonly reason: string;
  readonly status?: number;
  /** Milliseconds that Vault asked us to wait, at most five minutes. */
  readonly retryAfterMs?: number;
  readonly absence?: Absence;
}

/** What a 404 of Vault means. */
export type Absence =
  'NOTHING' | 'DELETED' | 'DESTROYED' | 'WRONG_KV_VERSION' | 'NO_MOUNT' | 'NO_NAMESPACE';

/** An answer of Vault: the parsed body, to be checked by whoever asked, or why there is none. */
export type VaultAnswer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly failure: VaultFailure };

/** Carries a failure through node-vault, which knows rejections only. Holds nothing but the failure. */
export class VaultFailureError extends Error {
  readonly failure: VaultFailure;

  constructor(failure: VaultFailure) {
    super(failure.reason);
    this.name = 'VaultFailureError';
    this.failure = failure;
  }
}

const longestRetryAfterMs = 5 * 60_000;

/**
 * Sorts an answer that is neither 200 nor 204. `body` is the parsed JSON, undefined when it was not
 * JSON. A proxy or load balancer in front of Vault also says 403 and 404, so that these count as
 * Vault's decision only in Vault's own form.
 */
export function failureOfAnswer(
  status: number,
  body: unknown,
  retryAfter: string | undefined,
): VaultFailure {
  const facts = { status, ...retryAfterOf(retryAfter) };
  const weather = (what: string): VaultFailure => ({
    kind: 'UNREACHABLE',
    reason: `${what} (HTTP ${status})`,
    ...facts,
  });
  const text = errorText(body);
  if (status === 429) return weather('Vault limits our rate');
  if (status === 503) {
    return weather(/\bsealed\b/.test(text) ? 'Vault is sealed' : 'Vault is not available');
  }
  if (status >= 500 || status < 400) return weather('Vault gave an error');
  if (!isVaultBody(body)) return weather('something in front of Vault answered in its place');
  switch (status) {
    case 400:
      if (text.startsWith('Upgrading from non-versioned')) {
        return weather('Vault is upgrading the secrets engine');
      }
      if (text.includes('missing client token')) {
        return { kind: 'FORBIDDEN', reason: 'Vault asks for a token', ...facts };
      }
      return { kind: 'REJECTED', reason: 'Vault refused the request as malformed', ...facts };
    case 403:
      return { kind: 'FORBIDDEN', reason: 'Vault answered permission denied', ...facts };
    case 404: {
      const absence = absenceOf(body, text);
      return { kind: 'ABSENT', absence, reason: absenceReasons[absence], ...facts };
    }
    case 405:
    case 413:
    case 415:
      return { kind: 'REJECTED', reason: `Vault refused the request (HTTP ${status})`, ...facts };
    default:
      // 412, 472 and 473 among them: a node of a cluster that can't serve this now.
      return weather('Vault gave an unexpected answer');
  }
}

const absenceReasons: Readonly<Record<Absence, string>> = {
  NOTHING: 'nothing is stored there',
  DELETED: 'the newest version is deleted',
  DESTROYED: 'the newest version is destroyed',
  WRONG_KV_VERSION: 'the secrets engine there is of KV version 2',
  NO_MOUNT: 'no secrets engine is mounted there',
  NO_NAMESPACE: 'Vault has no such namespace',
};

function absenceOf(body: Record<string, unknown>, text: string): Absence {
  if (isRecord(body['data']) && isRecord(body['data']['metadata'])) {
    return body['data']['metadata']['destroyed'] === true ? 'DESTROYED' : 'DELETED';
  }
  const warnings = Array.isArray(body['warnings']) ? body['warnings'] : [];
  if (warnings.some((warning) => String(warning).startsWith('Invalid path for a versioned'))) {
    return 'WRONG_KV_VERSION';
  }
  if (text.startsWith('no handler for route')) return 'NO_MOUNT';
  if (text.includes('namespace not found')) return 'NO_NAMESPACE';
  return 'NOTHING';
}

/** An error object or a success envelope; Vault writes one of the two whatever the status. */
function isVaultBody(body: unknown): body is Record<string, unknown> {
  return isRecord(body) && (Array.isArray(body['errors']) || Object.hasOwn(body, 'data'));
}

function errorText(body: unknown): string {
  if (!isRecord(body) || !Array.isArray(body['errors'])) return '';
  return body['errors'].map(String).join('\n');
}

function retryAfterOf(header: string | undefined): { retryAfterMs?: number } {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return {};
  return { retryAfterMs: Math.min(Number(header) * 1000, longestRetryAfterMs) };
}

/** Whether a parsed JSON value is an object, not null and not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
