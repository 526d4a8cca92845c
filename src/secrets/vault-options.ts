/** Where a credential comes from. A file is read at every login, because its owner rewrites it. */
export type SecretSource =
  | { readonly kind: 'value'; readonly read: () => string }
  | { readonly kind: 'file'; readonly path: string };

/** How the store proves itself to Vault. */
export type VaultAuth =
  /** A token from elsewhere. From a file (an agent's sink) it is neither renewed nor revoked by us. */
  | { readonly kind: 'token'; readonly token: SecretSource }
  | {
      readonly kind: 'approle';
      readonly roleId: SecretSource;
      readonly secretId: SecretSource;
      /** Path of the auth method, `approle` unless mounted elsewhere. */
      readonly mount: string;
    }
  | {
      readonly kind: 'kubernetes';
      readonly role: string;
      /** File of the pod's service account token. */
      readonly jwtPath: string;
      /** Path of the auth method, `kubernetes` unless mounted elsewhere. */
      readonly mount: string;
    };

export interface VaultOptions {
  /** `http` or `https` URL of Vault, a path prefix included where a proxy needs one. No credentials in it. */
  readonly address: string;
  readonly auth: VaultAuth;
  /** Path of the KV secrets engine, e.g. `secret`. */
  readonly kvMount: string;
  /** Absent: Vault is asked, and asked again when a secret is not found. */
  readonly kvVersion?: 1 | 2;
  /** Field of the stored map that is the value. Absent: `value`, else `api_key`. */
  readonly secretField?: string;
  readonly namespace?: string;
  /** PEM file with the authorities to trust in place of the public ones. */
  readonly caCertPath?: string;
  /**
   * Hosts, besides the address's own, that a standby may send us to. With {@link caCertPath} every host
   * that these authorities vouch for is allowed as well.
   */
  readonly redirectHosts?: readonly string[];
  /** Seconds within which a new version is noticed. */
  readonly pollSeconds: number;
  /** Seconds for which a value is held while Vault can't confirm it; a day when absent. */
  readonly maximumStaleSeconds?: number;
  /** Milliseconds for one exchange with Vault, the last byte of the body included. */
  readonly timeoutMs: number;
  /** Largest answer that is read, in bytes. */
  readonly maxBodyBytes: number;
}

/** Every fault of the options, in words for the operator; an empty list when they can be used. */
export function vaultOptionFaults(options: VaultOptions): readonly string[] {
  const faults: string[] = [];
  const url = URL.parse(options.address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    faults.push('the Vault address must be an http or https URL');
  } else if (url.username !== '' || url.password !== '') {
    faults.push('the Vault address must hold no credentials');
  } else if (url.search !== '' || url.hash !== '') {
    faults.push('the Vault address must have no query and no fragment');
  }
  if (!isMount(options.kvMount)) faults.push('the KV mount is not a mount path');
  if (options.auth.kind !== 'token' && !isMount(options.auth.mount)) {
    faults.push('the auth mount is not a mount path');
  }
  if (options.auth.kind === 'kubernetes' && options.auth.role === '') {
    faults.push('the Kubernetes role is empty');
  }
  if (options.namespace !== undefined && !/^[\w.-]+(\/[\w.-]+)*\/?$/.test(options.namespace)) {
    faults.push('the Vault namespace is not a namespace path');
  }
  if (options.secretField === '') faults.push('the secret field is empty');
  const positive = {
    pollSeconds: options.pollSeconds,
    timeoutMs: options.timeoutMs,
    maxBodyBytes: options.maxBodyBytes,
    maximumStaleSeconds: options.maximumStaleSeconds ?? 1,
  };
  for (const [name, value] of Object.entries(positive)) {
    if (!Number.isFinite(value) || value <= 0) faults.push(`${name} must be a positive number`);
  }
  return faults;
}

/** What is wrong with a secret's path, or undefined. The path is encoded when it is sent. */
export function secretPathFault(path: string): string | undefined {
  const segments = path.split('/');
  if (path.length > 512) return 'the path of the secret is longer than 512 characters';
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'the path of the secret has an empty or relative part';
  }
  // Control characters would be legal once encoded, but no operator means them.
  return /\p{Cc}/u.test(path) ? 'the path of the secret has a control character' : undefined;
}

/** node-vault puts mounts through an HTML template, so that only characters it leaves alone are taken. */
function isMount(mount: string): boolean {
  return (
    /^[\w.-]+(\/[\w.-]+)*$/.test(mount) && !mount.split('/').some((part) => /^\.+$/.test(part))
  );
}
