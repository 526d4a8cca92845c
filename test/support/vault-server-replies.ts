/** An answer of the loopback Vault: a status and a JSON body; no body for 204. */
export interface VaultReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The full success envelope, with what differs from an empty one. */
export function success(parts: Record<string, unknown>, status = 200): VaultReply {
  const empty = {
    request_id: '7d1c4a1e-5b0f-9d6e-1f0a-3f6c1b7a2e55',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: null,
    wrap_info: null,
    warnings: null,
    auth: null,
  };
  return { status, body: { ...empty, ...parts } };
}

export function failure(status: number, ...errors: string[]): VaultReply {
  return { status, body: { errors } };
}

const wordings = {
  /** A token that is unknown, expired or revoked: recent Vault. */
  BAD_TOKEN: '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n',
  /** The same in OpenBao and older Vault; also a login that is locked out. */
  PLAIN: 'permission denied',
  /** A good token without the right. */
  POLICY: '1 error occurred:\n\t* permission denied\n\n',
};

export function denied(wording: keyof typeof wordings): VaultReply {
  return failure(403, wordings[wording]);
}
