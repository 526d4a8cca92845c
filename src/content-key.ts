import { plainContent, EncryptedContent } from './inference/content.ts';
import type { ContentSealer } from './inference/content.ts';
import type { SecretStore } from './secrets/secret-store.ts';
import type { EventLog } from './service-log.ts';

/** What seals content, and what ends its watch over the key. */
export interface ContentKey {
  readonly sealer: ContentSealer;
  /** Resolves when the key was asked for once, whether it was had or not. */
  readonly asked: Promise<void>;
  readonly stop: () => void;
}

/**
 * Seals with the key at a path of a secret store, and takes every change of it up without a restart. A key
 * that can't be had hinders launches, not the service.
 *
 * @param path - undefined leaves content unsealed.
 */
export function contentKeyFrom(
  secrets: SecretStore,
  path: string | undefined,
  log: EventLog,
): ContentKey {
  if (path === undefined) {
    return { sealer: plainContent, asked: Promise.resolve(), stop: () => undefined };
  }
  const sealer = new EncryptedContent();
  let generation: string | undefined;
  const ask = async () => {
    const result = await secrets.read(path);
    if (result.ok) {
      sealer.use(result.secret.reveal());
      if (generation === result.secret.generation) return;
      ({ generation } = result.secret);
      log('content.key', { generation });
    } else {
      generation = undefined;
      sealer.suspend(`the content key can not be read: ${result.reason}`);
      log('content.key_missing', { reason: result.reason });
    }
  };
  const stop = secrets.onChange((changed) => {
    if (changed === path) void ask();
  });
  return { sealer, asked: ask(), stop };
}
