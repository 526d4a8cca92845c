import { describe, expect, test } from 'vitest';

import { hostOf, publicAddressFault } from '../../src/domain/public-address.ts';

const notPublic = 'must name a host of the public internet';
const notPlain = 'must be an https URL in visible ASCII, without credentials';

describe('an address that somebody else will fetch', () => {
  test.each([
    'https://example.com/a.mp3',
    'https://EXAMPLE.com./a.mp3',
    'https://example.com',
    'https://cdn.example.com:8443/a%20b.mp3?token=x@y#t=1',
    'https://xn--mnchen-3ya.example.org/',
    'https://8.8.8.8/a.mp3',
    'https://172.15.255.255/',
    'https://172.32.0.1/',
    'https://[2606:4700::1111]/a.mp3',
    'https://localhost.example.com/',
    'https://10.example.com/',
    'https://internal.example/',
  ])('is taken when it is public: %s', (address) => {
    expect(publicAddressFault(address)).toBeUndefined();
  });

  test.each([
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://127.255.255.254/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://0177.0x0.0.1/',
    'https://017700000001/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://0xa.0.0.1/',
    'https://167772161/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://0xA9FEA9FE/',
    'https://2852039166/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://192.168.257/',
    'https://192.0.2.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://239.255.255.255/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]:8443/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:4136:e378::]/',
    'https://[2001:db8::1]/',
    'https://[fc00::1]/',
    'https://[fd12:3456::1]/',
    'https://[fe80::1]/',
    'https://[ff02::1]/',
    'https://localhost/',
    'https://LOCALHOST:8443/',
    'https://localhost./',
    'https://a.localhost/',
    'https://printer.local/',
    'https://PRINTER.Local./',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://vault.corp/',
    'https://router.home.arpa/',
    'https://intranet/',
    'https://a..example.com/',
  ])('is refused when it is not public: %s', (address) => {
    expect(publicAddressFault(address)).toBe(notPublic);
  });

  test.each([
    '',
    'a.mp3',
    '//example.com/a.mp3',
    'http://example.com/a.mp3',
    'https:example.com/a.mp3',
    'https:/example.com/a.mp3',
    'https:///example.com/a.mp3',
    'ftp://example.com/a.mp3',
    'file:///etc/passwd',
    'data:audio/mp3;base64,AA==',
    'javascript:alert(1)',
    'https://user@example.com/',
    'https://user:password@example.com/',
    'https://:@example.com/',
    'https://example.com\\@127.0.0.1/',
    'https:\\\\127.0.0.1/',
    'https://exam\nple.com/',
    ' https://example.com/',
    'https://example.com/a b',
    'https://example.com/a\r\nX-Header: 1',
    'https://%31%32%37.0.0.1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://example.com/ü',
    'https://example.com/\u0000',
  ])('is refused when readers could differ about it or it is no plain https URL: %j', (address) => {
    expect(publicAddressFault(address)).toBe(notPlain);
  });

  test.each(['https://[::1', 'https://256.0.0.1/', 'https://1.2.3.4.5/', 'https://a:b/'])(
    'is refused when it cannot be read: %s',
    (address) => {
      expect(publicAddressFault(address)).toBe('must be an https URL');
    },
  );

  test('is refused when it is too long to be one', () => {
    const path = 'a'.repeat(2048 - 'https://example.com/'.length);
    expect(publicAddressFault(`https://example.com/${path}`)).toBeUndefined();
    expect(publicAddressFault(`https://example.com/${path}a`)).toBe(
      'takes at most 2048 characters',
    );
  });

  test('has to name one of the hosts that the operator allows, when he names any', () => {
    const allowed = new Set(['audio.example.com', '10.0.0.7', 'files.internal']);
    const fault = (address: string) => publicAddressFault(address, allowed);
    expect(fault('https://audio.example.com/a.mp3')).toBeUndefined();
    expect(fault('https://Audio.Example.com.:8443/a.mp3')).toBeUndefined();
    expect(fault('https://0xa000007/a.mp3')).toBeUndefined();
    expect(fault('https://files.internal/a.mp3')).toBeUndefined();
    for (const other of [
      'https://example.com/',
      'https://xaudio.example.com/',
      'https://10.0.0.8/',
    ])
      expect(fault(other)).toBe('must name a host that the operator allows');
    expect(fault('http://audio.example.com/a.mp3')).toBe(notPlain);
    expect(fault('https://x@audio.example.com/a.mp3')).toBe(notPlain);
  });
});

describe('a host of an allow-list', () => {
  test.each([
    ['Audio.Example.com', 'audio.example.com'],
    ['audio.example.com.', 'audio.example.com'],
    ['0x7f.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[2606:4700:0::1111]', '2606:4700::1111'],
  ])('is compared in one spelling: %s', (text, host) => {
    expect(hostOf(text)).toBe(host);
  });

  test.each(['', 'https://example.com', 'example.com:8443', 'a@b', 'a b', 'a/b', '*', '256.1.1.1'])(
    'is a host and nothing else: %j',
    (text) => {
      expect(hostOf(text)).toBeUndefined();
    },
  );
});
