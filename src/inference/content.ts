import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

import type { InferenceOutput, InferencePayload } from '../domain/inference.ts';

/** Turns content into what storage keeps, and back. */
export interface ContentSealer {
  seal(text: string): string;
  /** Undefined when it was sealed with a key that is not at hand. */
  open(sealed: string): string | undefined;
}

/** For services without a content key: content lies in the ledger as it is until its time is over. */
export const plainContent: ContentSealer = {
  seal: (text) => `p:${text}`,
  open: (sealed) => (sealed.startsWith('p:') ? sealed.slice(2) : undefined),
};

/**
 * Seals with AES-256-GCM under a key derived from the secret. Content that was stored before the key was
 * given stays readable.
 */
export function encryptedContent(secret: string): ContentSealer {
  const key = createHash('sha256').update(secret).digest();
  return {
    seal(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `e:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`;
    },
    open(sealed) {
      if (!sealed.startsWith('e:')) return plainContent.open(sealed);
      const bytes = Buffer.from(sealed.slice(2), 'base64');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
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
