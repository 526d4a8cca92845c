import { readFile } from 'node:fs/promises';
import { digest } from './digest.ts';
import type { VaultClient } from './vault-client.ts';
import { isRecord, type VaultAnswer, type VaultFailure } from './vault-failure.ts';
import type { SecretSource, VaultAuth } from './vault-options.ts';
import { codeOf } from './vault-transport.ts';

/** What a login sends, read for this one login and then dropped. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'approle';
      readonly mount: string;
      readonly roleId: string;
      readonly secretId: string;
    }
  | {
      readonly kind: 'kubernetes';
      readonly mount: string;
      readonly role: string;
      readonly jwt: string;
    };

/** How long a token lasts. */
export interface Lease {
  /** Milliseconds from now on; 0 when the token never ends. */
  readonly durationMs: number;
  readonly renewable: boolean;
}

/** A token that Vault accepted. */
export interface Login {
  readonly client: VaultClient;
  /** Tells this token from another, safe to log. */
  readonly tokenDigest: string;
  readonly lease: Lease;
  /** Vault's public name of the token, where it gives one. */
  readonly accessor?: string;
  /** Something that will end badly if nobody acts, in words for the operator. */
  readonly warning?: string;
}

type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: VaultFailure };

/** Reads the credentials from where they are now: files are rewritten by agents and by the kubelet. */
export async function readCredentials(auth: VaultAuth): Promise<Outcome<Credentials>> {
  switch (auth.kind) {
    case 'token': {
      const token = await readSource(auth.token, 'Vault token');
      if (!token.ok) return token;
      return { ok: true, value: { kind: 'token', token: token.value } };
    }
    case 'approle': {
      const roleId = await readSource(auth.roleId, 'AppRole role id');
      if (!roleId.ok) return roleId;
      const secretId = await readSource(auth.secretId, 'AppRole secret id');
      if (!secretId.ok) return secretId;
      const { kind, mount } = auth;
      return {
        ok: true,
        value: { kind, mount, roleId: roleId.value, secretId: secretId.value },
      };
    }
    case 'kubernetes': {
      const { kind, mount, role } = auth;
      const jwt = await readSource({ kind: 'file', path: auth.jwtPath }, 'service account token');
      if (!jwt.ok) return jwt;
      return { ok: true, value: { kind, mount, role, jwt: jwt.value } };
    }
  }
}

/** Tells one set of credentials from another without keeping either. */
export function credentialsDigest(credentials: Credentials): string {
  return digest(JSON.stringify(credentials));
}

/** Logs in once. `connect` makes the client for a token; an empty token for the login itself. */
export async function logIn(
  credentials: Credentials,
  connect: (token: string) => VaultClient,
): Promise<Outcome<Login>> {
  switch (credentials.kind) {
    case 'token':
      return adoptToken(connect(credentials.token), credentials.token);
    case 'approle': {
      const { mount, roleId, secretId } = credentials;
      const answer = await connect('').approleLogin(mount, roleId, secretId);
      return loginOf(answer, 'AppRole', connect);
    }
    case 'kubernetes': {
      const { mount, role, jwt } = credentials;
      const answer = await connect('').kubernetesLogin(mount, role, jwt);
      return loginOf(answer, 'Kubernetes', connect);
    }
  }
}

/** What Vault says about a token that somebody else got. */
async function adoptToken(client: VaultClient, token: string): Promise<Outcome<Login>> {
  const answer = await client.lookupSelf();
  const adopted = { client, tokenDigest: digest(token) };
  if (!answer.ok) {
    if (answer.failure.kind !== 'FORBIDDEN') return answer;
    // A token without the default policy may not look at itself and still read its secret.
    return { ok: true, value: { ...adopted, lease: { durationMs: 0, renewable: false } } };
  }
  const data = isRecord(answer.body) && isRecord(answer.body['data']) ? answer.body['data'] : {};
  const accessor = data['accessor'];
  return {
    ok: true,
    value: {
      ...adopted,
      lease: leaseOf(data['ttl'], data['renewable']),
      ...(typeof accessor === 'string' ? { accessor } : {}),
      ...limitedUses(data['num_uses']),
    },
  };
}

function loginOf(
  answer: VaultAnswer,
  method: string,
  connect: (token: string) => VaultClient,
): Outcome<Login> {
  if (!answer.ok) return { ok: false, failure: loginFailure(answer.failure, method) };
  const auth = isRecord(answer.body) ? answer.body['auth'] : undefined;
  if (!isRecord(auth)) return refused(`Vault's answer to the ${method} login holds no token`);
  const token = auth['client_token'];
  if (isRecord(auth['mfa_requirement'])) {
    return refused(`Vault demands a second factor for the ${method} login`);
  }
  if (typeof token !== 'string' || !isHeaderSafe(token)) {
    return refused(`Vault's answer to the ${method} login holds no usable token`);
  }
  const accessor = auth['accessor'];
  return {
    ok: true,
    value: {
      client: connect(token),
      tokenDigest: digest(token),
      lease: leaseOf(auth['lease_duration'], auth['renewable']),
      ...(typeof accessor === 'string' && accessor !== '' ? { accessor } : {}),
      ...limitedUses(auth['num_uses']),
    },
  };
}

function loginFailure(failure: VaultFailure, method: string): VaultFailure {
  if (failure.kind === 'UNREACHABLE' || failure.kind === 'UNCONFIGURED') return failure;
  const status = failure.status === undefined ? '' : ` (HTTP ${failure.status})`;
  const why =
    failure.kind === 'FORBIDDEN'
      ? 'the role does not admit us, or the login is locked after too many failures'
      : 'a credential is unknown, expired or used up, or the auth method is not set up';
  return {
    ...failure,
    kind: 'LOGIN_REFUSED',
    reason: `Vault refused the ${method} login${status}: ${why}`,
  };
}

/** The life of a token as Vault states it, in seconds on the wire. Root tokens have 0 and never end. */
export function leaseOf(seconds: unknown, renewable: unknown): Lease {
  const isDuration = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { durationMs: isDuration ? seconds * 1000 : 0, renewable: renewable === true };
}

function limitedUses(uses: unknown): { warning?: string } {
  if (typeof uses !== 'number' || uses === 0) return {};
  return { warning: 'the Vault token ends after a number of uses; set token_num_uses to 0' };
}

async function readSource(source: SecretSource, what: string): Promise<Outcome<string>> {
  let text: string;
  try {
    text = source.kind === 'value' ? source.read() : await readFile(source.path, 'utf8');
  } catch (error) {
    return unconfigured(`the ${what} can't be read (${codeOf(error)})`);
  }
  const value = text.trim();
  if (value === '') return unconfigured(`the ${what} is empty`);
  return isHeaderSafe(value)
    ? { ok: true, value }
    : unconfigured(`the ${what} has characters that none of its kind has`);
}

function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function refused(reason: string): { readonly ok: false; readonly failure: VaultFailure } {
  return { ok: false, failure: { kind: 'LOGIN_REFUSED', reason } };
}

function unconfigured(reason: string): { readonly ok: false; readonly failure: VaultFailure } {
  return { ok: false, failure: { kind: 'UNCONFIGURED', reason } };
}
