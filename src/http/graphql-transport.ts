import type { IncomingHttpHeaders } from 'node:http';

import { clientError } from '../graphql/errors.ts';
import { EVENT_STREAM_TYPE, GRAPHQL_RESPONSE_TYPE, JSON_TYPE } from './answers.ts';
import { namesType, preferredType } from './content-negotiation.ts';
import { requireJson } from './request-body.ts';

const mediaTypes = ['application/json', 'application/graphql-response+json'] as const;

const fullMediaTypes = {
  'application/json': JSON_TYPE,
  'application/graphql-response+json': GRAPHQL_RESPONSE_TYPE,
} as const satisfies Record<(typeof mediaTypes)[number], string>;

/** Headers of which a form or a link of another site cannot send even one. */
const preflightHeaders = ['apollo-require-preflight', 'x-apollo-operation-name'] as const;

/**
 * The media type in which an answer goes out. Checked before anything runs, so that no mutation is executed
 * for an answer nobody can read.
 *
 * @throws NOT_ACCEPTABLE
 */
export function acceptedType(accept: string | undefined, hasSubscriptions: boolean): string {
  const type = preferredType(accept, mediaTypes);
  if (type !== undefined) return fullMediaTypes[type];
  if (hasSubscriptions && namesType(accept, 'text/event-stream')) return EVENT_STREAM_TYPE;
  throw clientError('NOT_ACCEPTABLE', `Answers come as ${mediaTypes.join(' or ')}.`);
}

/**
 * Refuses what another site could make a browser send.
 *
 * @throws CSRF_BLOCKED, UNSUPPORTED_MEDIA_TYPE
 */
export function checkTransport(method: 'GET' | 'POST', headers: IncomingHttpHeaders): void {
  const contentType = headers['content-type'];
  if (method === 'POST' || contentType !== undefined) {
    requireJson(contentType);
    return;
  }
  if (preflightHeaders.some((name) => (headers[name] ?? '') !== '')) return;
  // Only subscriptions are carried that way, which change nothing and look at the origin themselves.
  if (acceptsStreamsOnly(headers.accept)) return;
  throw clientError(
    'CSRF_BLOCKED',
    `A GET needs the content type application/json or one of the headers ${preflightHeaders.join(', ')}, ` +
      'so that no other site can cause it.',
  );
}

function acceptsStreamsOnly(accept: string | undefined): boolean {
  return namesType(accept, 'text/event-stream') && preferredType(accept, mediaTypes) === undefined;
}
