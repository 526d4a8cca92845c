import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { InferenceOutput, InferencePayload } from '../domain/inference.ts';

/** Turns content into what storage keeps, and back. */
export interface ContentSealer {
  /** @throws Error while there is no key and never was one. */
  seal(text: string): string;
  /** Undefined when it was sealed with a key that is not at hand. */
  open(sealed: string): string | undefined;
  /** Why content must not be taken in now; undefined when it may. */
  hindrance(): string | undefined;
}

/** For services without a content key: content lies in the ledger as it is until its time is over. */
export const plainContent: ContentSealer = {
  seal: (text) => `p:${text}`,
  open: (sealed) => (sealed.startsWith('p:') ? sealed.slice(2) : undefined),
  hindrance: () => undefined,
};

/** Keys that are kept to open what they sealed: the present one and those before it. */
const maximumKeys = 8;

/**
 * Seals with AES-256-GCM under a key derived from a secret that may change while the service runs: the
 * newest seals, each of the last few opens. Content that was stored before there was a key stays readable.
 */
export class EncryptedContent implements ContentSealer {
  #keys: readonly KeyObject[] = [];
  #hindrance: string | undefined = 'the content key has not been read yet';

  /** Seals under this secret from now on. */
  use(secret: string): void {
    const key = createSecretKey(createHash('sha256').update(secret).digest());
    const others = this.#keys.filter((known) => !known.equals(key));
    this.#keys = [key, ...others].slice(0, maximumKeys);
    this.#hindrance = undefined;
  }

  /** Takes in no more content until there is a secret again; what is under way is still sealed and opened. */
  suspend(reason: string): void {
    this.#hindrance = reason;
  }

  hindrance(): string | undefined {
    return this.#hindrance;
  }

  seal(text: string): string {
    const [key] = this.#keys;
    if (key === undefined) throw new Error(`Nothing can be sealed: ${this.#hindrance ?? ''}`);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `e:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`;
  }

  open(sealed: string): string | undefined {
    if (!sealed.startsWith('e:')) return plainContent.open(sealed);
    const bytes = Buffer.from(sealed.slice(2), 'base64');
    for (const key of this.#keys) {
      const text = opened(bytes, key);
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

/** Nonce, tag and body under one key; undefined when they are not of this key. */
function opened(bytes: Buffer, key: KeyObject): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}

/** The stored form of what was asked, for a run that another process may have to carry out. */
export function sealedRequest(sealer: ContentSealer, payload: InferencePayload): string {
  return sealer.seal(JSON.stringify(payload));
}

/** What was asked, when it can be read. */
export function openedRequest(
  sealer: ContentSealer,
  sealed: string | undefined,
): InferencePayload | undefined {
  const text = sealed === undefined ? undefined : sealer.open(sealed);
  return text === undefined ? undefined : (JSON.parse(text) as InferencePayload);
}

/** The stored form of what was answered. */
export function sealedOutput(sealer: ContentSealer, output: InferenceOutput): string {
  return sealer.seal(JSON.stringify(output));
}

/** What was answered, when it can be read. */
export function openedOutput(
  sealer: ContentSealer,
  sealed: string | undefined,
): InferenceOutput | undefined {
  const text = sealed === undefined ? undefined : sealer.open(sealed);
  return text === undefined ? undefined : (JSON.parse(text) as InferenceOutput);
}
