import nodeVault from 'node-vault';
import { VaultFailureError, type VaultAnswer } from './vault-failure.ts';
import type { VaultOptions } from './vault-options.ts';
import type { NodeVaultRequest, NodeVaultResponse } from './vault-transport.ts';

/** Sends one request of node-vault; rejects with a VaultFailureError only. */
export type Exchange = (call: NodeVaultRequest) => Promise<NodeVaultResponse>;

/**
 * node-vault for one token. A client is made anew for every login rather than given another token, so
 * that requests under way never change their token, and so that no state of a former login is left.
 */
export class VaultClient {
  readonly #vault: nodeVault.client;

  /** `token` is empty for the client that logs in. */
  constructor(options: VaultOptions, exchange: Exchange, token: string) {
    const endpoint = options.address.replace(/\/+$/, '');
    this.#vault = nodeVault({
      endpoint,
      apiVersion: 'v1',
      // Without it, DEBUG=node-vault prints login bodies.
      debug: () => undefined,
      // The seam that keeps axios out of every call.
      'request-promise': { defaults: () => exchange },
    });
    // Set afterwards, because node-vault takes an empty option for an invitation to look at
    // VAULT_TOKEN, VAULT_NAMESPACE and VAULT_PREFIX, which are for config to read or to ignore.
    Object.assign(this.#vault, {
      endpoint,
      token,
      namespace: options.namespace ?? '',
      pathPrefix: '',
    });
  }

  /** Reads an API path, e.g. `secret/data/groq/api_key`, each part of it encoded already. */
  read(apiPath: string): Promise<VaultAnswer> {
    return answerOf(() => this.#vault.read(apiPath));
  }

  approleLogin(mount: string, roleId: string, secretId: string): Promise<VaultAnswer> {
    return answerOf(() =>
      this.#vault.approleLogin({ mount_point: mount, role_id: roleId, secret_id: secretId }),
    );
  }

  /** The mount is always given: without it, node-vault posts to `/v1/auth//login`. */
  kubernetesLogin(mount: string, role: string, jwt: string): Promise<VaultAnswer> {
    return answerOf(() => this.#vault.kubernetesLogin({ mount_point: mount, role, jwt }));
  }

  lookupSelf(): Promise<VaultAnswer> {
    return answerOf(() => this.#vault.tokenLookupSelf());
  }

  renewSelf(): Promise<VaultAnswer> {
    return answerOf(() => this.#vault.tokenRenewSelf());
  }

  revokeSelf(): Promise<VaultAnswer> {
    return answerOf(() => this.#vault.tokenRevokeSelf());
  }
}

async function answerOf(call: () => Promise<unknown>): Promise<VaultAnswer> {
  try {
    return { ok: true, body: await call() };
  } catch (error) {
    if (error instanceof VaultFailureError) return { ok: false, failure: error.failure };
    // What node-vault says itself may quote the arguments: it is not repeated.
    return {
      ok: false,
      failure: { kind: 'REJECTED', reason: 'the Vault client refused the call' },
    };
  }
}
