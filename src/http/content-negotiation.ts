/** A media type in an `accept` header: `type/subtype`, its quality and its place. */
interface AcceptedType {
  readonly type: string;
  readonly quality: number;
  readonly position: number;
}

/** An `accept` header is read no further than this many entries. */
const MAX_ACCEPTED_TYPES = 32;

/**
 * The offered media type (`type/subtype`, no parameters) that the client prefers: by quality, then by the
 * header's order, then by ours. Undefined when it accepts none. No header accepts everything.
 */
export function preferredType<Offered extends string>(
  accept: string | undefined,
  offered: readonly Offered[],
): Offered | undefined {
  const first = offered[0];
  if (accept === undefined || accept === '' || accept === '*/*' || accept === first) return first;

  const accepted = parseAccept(accept);
  let best: { readonly offer: Offered; readonly match: AcceptedType } | undefined;
  for (const offer of offered) {
    const match = mostSpecific(accepted, offer);
    if (match === undefined || match.quality === 0) continue;
    if (
      best === undefined ||
      match.quality > best.match.quality ||
      (match.quality === best.match.quality && match.position < best.match.position)
    ) {
      best = { offer, match };
    }
  }
  return best?.offer;
}

/**
 * Whether the client names this very media type, with this parameter where one is given; a wildcard does
 * not count.
 */
export function namesType(accept: string | undefined, type: string, parameter?: string): boolean {
  if (accept === undefined) return false;
  return accept.split(',', MAX_ACCEPTED_TYPES).some((entry) => {
    const [named = '', ...parameters] = entry
      .replaceAll('"', '')
      .split(';')
      .map((part) => part.trim().toLowerCase());
    if (named !== type || qualityOf(parameters) === 0) return false;
    return parameter === undefined || parameters.includes(parameter.toLowerCase());
  });
}

function parseAccept(accept: string): AcceptedType[] {
  return accept
    .split(',', MAX_ACCEPTED_TYPES)
    .map((entry, position) => {
      const [type = '', ...parameters] = entry.split(';');
      return { type: type.trim().toLowerCase(), quality: qualityOf(parameters), position };
    })
    .filter(({ type }) => type !== '');
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters
    .map((parameter) => /^\s*q\s*=\s*([\d.]{1,5})\s*$/i.exec(parameter)?.[1])
    .find((quality) => quality !== undefined);
  const quality = given === undefined ? 1 : Number(given);
  return quality >= 0 && quality <= 1 ? quality : 1;
}

function mostSpecific(accepted: readonly AcceptedType[], offer: string): AcceptedType | undefined {
  const range = `${offer.slice(0, offer.indexOf('/'))}/*`;
  return (
    accepted.find(({ type }) => type === offer) ??
    accepted.find(({ type }) => type === range) ??
    accepted.find(({ type }) => type === '*/*')
  );
}
