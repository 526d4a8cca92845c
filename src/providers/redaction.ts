/**
 * Text from outside, made fit to show: one line, bounded, without keys, tokens, e-mail addresses or ids of
 * organisations, projects and accounts. It rather takes out too much than too little.
 *
 * @param secrets values that must not pass whatever they look like, e.g. the key of the call.
 */
export function redacted(
  text: string,
  options: { readonly secrets?: readonly string[]; readonly maximumLength?: number } = {},
): string {
  let shown = oneLine(scanned(text));
  for (const secret of options.secrets ?? []) {
    if (secret.length >= minimumSecretLength) shown = shown.replaceAll(secret, mark);
  }
  for (const [pattern, replacement] of rules) shown = shown.replace(pattern, replacement);
  const maximumLength = options.maximumLength ?? maximumShownLength;
  return shown.length <= maximumLength ? shown : `${shown.slice(0, maximumLength - 1).trimEnd()}…`;
}

/** Text of a feed, short enough to stand in the reason of a rejection. */
export function quoted(text: string): string {
  return `"${redacted(text, { maximumLength: 40 })}"`;
}

const mark = '[redacted]';
const maximumShownLength = 500;
const maximumScannedLength = 4_000;

/** Shorter values would take ordinary words out of the text. */
const minimumSecretLength = 4;

/** In order: what names itself first, then whatever is long and random enough to be an id or a key. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/\/\/[^/\s@]*@/g, `//${mark}@`],
  [/\b(bearer|basic)\s+[^\s"'`,;]+/gi, `$1 ${mark}`],
  [/([?&;](?:api[-_]?key|key|token|access[-_]?token|secret|signature)=)[^&\s"'`]+/gi, `$1${mark}`],
  [/(?:gsk[_-]|(?<![a-z0-9])(?:sk|pk|rk|hv[sbr]|ghp|xox[a-z])[_-])[^\s"'`,;()[\]{}]+/gi, mark],
  [/(?:org|organi[sz]ation|proj|project)_[a-z0-9]{4,}/gi, mark],
  [/(?:org|proj|project|acct|account|team|workspace|user)[_-](?=[a-z]*\d)[a-z0-9]{6,}/gi, mark],
  [
    /\b(organi[sz]ation|org|project|account|team|workspace)(\s+id)?(\s*[:=]\s*|\s+)([`'"])(?:(?!\4).){1,200}\4/gi,
    `$1$2$3$4${mark}$4`,
  ],
  [/[^\s@"'`<>()[\]:/]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}/gi, mark],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, mark],
  [/(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{20,}/gi, mark],
];

/** The beginning of a long text, without the word that the cut went through: it might be half a key. */
function scanned(text: string): string {
  if (text.length <= maximumScannedLength) return text;
  return text.slice(0, maximumScannedLength).replace(/\S+$/, '');
}

/** Invisible characters go first, so that they cannot break up what is to be found. */
function oneLine(text: string): string {
  return text
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .toWellFormed()
    .trim();
}
