import { BlockList, isIP } from 'node:net';

/**
 * What is wrong with an address that a caller wants somebody else to fetch; undefined when nothing is.
 *
 * It must be `https`, without credentials, and name a host of the public internet. What the name resolves to
 * is not looked up: the one who fetches would look it up again.
 *
 * @param allowedHosts - when given, only these host names or addresses are taken, private ones too.
 */
export function publicAddressFault(
  text: string,
  allowedHosts?: ReadonlySet<string>,
): string | undefined {
  if (text.length > maximumAddressCharacters) {
    return `takes at most ${maximumAddressCharacters} characters`;
  }
  // Readers of URLs differ in everything else: what one takes for a path, another takes for a host.
  if (!plainAddress.test(text)) return 'must be an https URL in visible ASCII, without credentials';
  const url = URL.parse(text);
  if (url === null) return 'must be an https URL';
  const host = canonicalHost(url.hostname);
  if (allowedHosts !== undefined) {
    return allowedHosts.has(host) ? undefined : 'must name a host that the operator allows';
  }
  return isPublicHost(host) ? undefined : 'must name a host of the public internet';
}

/**
 * A host as it is compared: lower case, IPv4 in dotted decimals however it was spelt, IPv6 without brackets,
 * no dot at the end; undefined when it is no host.
 */
export function hostOf(text: string): string | undefined {
  const name = isIP(text) === 6 ? `[${text}]` : text;
  if (!/^[a-z0-9._:[\]-]+$/i.test(name)) return undefined;
  const url = URL.parse(`https://${name}/`);
  return url === null || url.port !== '' ? undefined : canonicalHost(url.hostname);
}

const maximumAddressCharacters = 2048;

/** `https://`, a host without escapes and credentials, and an end of it that every reader sees. */
const plainAddress = /^https:\/\/[a-z0-9._:[\]-]+(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/i;

function canonicalHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.+$/, '');
}

function isPublicHost(host: string): boolean {
  switch (isIP(host)) {
    case 4:
      return !specialIpv4.check(host, 'ipv4');
    case 6:
      // Only this block is handed out; loopback, private, link-local, multicast, mapped and translated
      // addresses lie outside it.
      return globalIpv6.check(host, 'ipv6') && !specialIpv6.check(host, 'ipv6');
    default:
      return isPublicName(host);
  }
}

/** Whether a name belongs to the public tree, as far as a name can tell. */
function isPublicName(host: string): boolean {
  const labels = host.split('.');
  if (labels.length < 2 || labels.some((label) => label === '')) return false;
  const isPrivateSuffix = privateSuffixes.some((suffix) => `.${host}`.endsWith(suffix));
  // A last label of digits is an address that some readers complete.
  return !isPrivateSuffix && /^(?:[a-z][a-z0-9-]*)$/.test(labels.at(-1) ?? '');
}

/** RFC 6761, RFC 6762 with its appendix G, RFC 8375, and ICANN's reservation of `internal`. */
const privateSuffixes = [
  '.localhost',
  '.local',
  '.internal',
  '.home.arpa',
  '.in-addr.arpa',
  '.ip6.arpa',
  '.intranet',
  '.private',
  '.corp',
  '.home',
  '.lan',
  '.localdomain',
  '.invalid',
  '.test',
  '.onion',
] as const;

/** IANA's registry of special-purpose IPv4 addresses, multicast and the reserved block. */
const specialIpv4 = subnets('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

const globalIpv6 = subnets('ipv6', [['2000::', 3]]);

/** Within the block that is handed out: protocol assignments with Teredo, documentation, 6to4. */
const specialIpv6 = subnets('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function subnets(
  family: 'ipv4' | 'ipv6',
  entries: readonly (readonly [address: string, bits: number])[],
): BlockList {
  const list = new BlockList();
  for (const [address, bits] of entries) list.addSubnet(address, bits, family);
  return list;
}
