import type { Clock } from '../../src/domain/clock.ts';
import { denied, failure, success, type VaultReply } from './vault-server-replies.ts';

interface Version {
  data: Record<string, unknown> | null;
  readonly createdTime: string;
  deletionTime: string;
  destroyed: boolean;
}

/** The KV secrets engine of the loopback Vault, in version 1 or 2. */
export class LoopbackKv {
  version: 1 | 2 = 2;
  mount = 'secret';
  /** What `options` of the mount shows; absent: derived from the version. */
  mountOptions: unknown;
  mountType = 'kv';
  /** API paths that the policy allows; everything unless a test narrows it. */
  policy: (apiPath: string) => boolean = () => true;
  readonly #secrets = new Map<string, Version[]>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Writes a map as the newest version. */
  put(path: string, data: Record<string, unknown>, deletionTime = ''): void {
    const versions = this.#secrets.get(path) ?? [];
    versions.push({ data, createdTime: this.#timestamp(), deletionTime, destroyed: false });
    this.#secrets.set(path, versions);
  }

  /** Deletes the newest version; it can come back. */
  delete(path: string): void {
    this.#newest(path).deletionTime = this.#timestamp();
  }

  undelete(path: string): void {
    this.#newest(path).deletionTime = '';
  }

  destroy(path: string): void {
    Object.assign(this.#newest(path), { destroyed: true, data: null });
  }

  /** Removes a secret with all its metadata: the next write is version 1 again. */
  wipe(path: string): void {
    this.#secrets.delete(path);
  }

  /** Answers a read below the mount, or undefined when the path belongs to something else. */
  reply(apiPath: string): VaultReply | undefined {
    if (!apiPath.startsWith(`${this.mount}/`)) return undefined;
    if (!this.policy(apiPath)) return denied('POLICY');
    const rest = apiPath.slice(this.mount.length + 1);
    return this.version === 2 ? this.#replyOfVersion2(rest) : this.#replyOfVersion1(rest);
  }

  /** The answer of `sys/internal/ui/mounts/…`. */
  mountReply(asked: string): VaultReply {
    const hasAccess = [`${this.mount}/data/`, `${this.mount}/metadata/`, `${this.mount}/`].some(
      (prefix) => [...this.#secrets.keys()].some((path) => this.policy(prefix + path)),
    );
    if (!`${asked}/`.startsWith(`${this.mount}/`) || (!hasAccess && this.#secrets.size > 0)) {
      return failure(
        403,
        'preflight capability check returned 403, please ensure that the policies allow it',
      );
    }
    const byVersion = this.version === 2 ? { version: '2' } : null;
    return success({
      data: {
        path: `${this.mount}/`,
        type: this.mountType,
        options: this.mountOptions === undefined ? byVersion : this.mountOptions,
      },
    });
  }

  #replyOfVersion2(rest: string): VaultReply {
    const [kind, ...segments] = rest.split('/');
    const path = segments.join('/');
    if (kind !== 'data' && kind !== 'metadata') {
      return success(
        { warnings: ['Invalid path for a versioned K/V secrets engine. See the API docs.'] },
        404,
      );
    }
    const versions = this.#secrets.get(path);
    const newest = versions?.at(-1);
    if (versions === undefined || newest === undefined) return failure(404);
    if (kind === 'metadata') return success({ data: this.#metadata(versions) });
    const isGone =
      newest.destroyed ||
      (newest.deletionTime !== '' && Date.parse(newest.deletionTime) <= this.#clock.now());
    const metadata = { ...this.#state(newest), custom_metadata: null, version: versions.length };
    return success({ data: { data: isGone ? null : newest.data, metadata } }, isGone ? 404 : 200);
  }

  #replyOfVersion1(path: string): VaultReply {
    const newest = this.#secrets.get(path)?.at(-1);
    if (newest === undefined) return failure(404);
    return success({ data: newest.data, lease_duration: 2_764_800 });
  }

  #metadata(versions: readonly Version[]): Record<string, unknown> {
    return {
      cas_required: false,
      created_time: versions[0]?.createdTime,
      updated_time: this.#timestamp(),
      current_version: versions.length,
      oldest_version: 0,
      max_versions: 0,
      delete_version_after: '0s',
      custom_metadata: null,
      versions: Object.fromEntries(
        versions.map((version, index) => [String(index + 1), this.#state(version)]),
      ),
    };
  }

  #state(version: Version): Record<string, unknown> {
    return {
      created_time: version.createdTime,
      deletion_time: version.deletionTime,
      destroyed: version.destroyed,
    };
  }

  #newest(path: string): Version {
    const newest = this.#secrets.get(path)?.at(-1);
    if (newest === undefined) throw new Error(`no secret at ${path}`);
    return newest;
  }

  /** Distinct for each call, as a server's nanoseconds are. */
  #timestamp(): string {
    this.#ticks += 1;
    const ticks = String(this.#ticks).padStart(6, '0');
    return new Date(this.#clock.now()).toISOString().replace('Z', `${ticks}Z`);
  }

  #ticks = 0;
}
