import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EventStreamParser, type ServerSentEvent } from '../../src/providers/event-stream.ts';

const bound = 1_000_000;

function message(data: string): ServerSentEvent {
  return { name: 'message', data };
}

/** What a parser makes of these pieces, the end included. */
function read(pieces: readonly (string | Uint8Array)[], maximumEventBytes = bound) {
  const parser = new EventStreamParser(maximumEventBytes);
  const events = pieces.flatMap((piece) => parser.push(Buffer.from(piece as string)));
  const last = parser.fault === undefined ? parser.end() : [];
  return { events: [...events, ...last], fault: parser.fault };
}

describe('an event stream', () => {
  it.each([
    ['line feeds', 'data: a\n\ndata: b\n\n'],
    ['carriage returns and line feeds', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['carriage returns', 'data: a\r\rdata: b\r\r'],
    ['all of them', 'data: a\r\n\ndata: b\r\n\r'],
    ['no space after the colon', 'data:a\n\ndata:b\n\n'],
    ['comments', ': hello\n\ndata: a\n: between\n\n:\n\ndata: b\n\n'],
    ['ids and retries', 'id: 1\nretry: 5\ndata: a\n\nid\ndata: b\n\n'],
    ['a byte order mark', '\ufeffdata: a\n\ndata: b\n\n'],
    ['blank lines in plenty', '\n\n\ndata: a\n\n\n\n\ndata: b\n\n'],
    ['no blank line at its end', 'data: a\n\ndata: b\n'],
    ['no end of its last line', 'data: a\n\ndata: b'],
  ])('is cut into its events with %s', (_words, text) => {
    expect(read([text])).toEqual({ events: [message('a'), message('b')], fault: undefined });
  });

  it('joins the data lines of one event, and takes one space only', () => {
    expect(read(['data: a\ndata:  b\ndata\n\n']).events).toEqual([message('a\n b\n')]);
  });

  it('names an event for that event alone', () => {
    const { events } = read(['event: error\ndata: a\n\ndata: b\n\nevent: x\n\ndata: c\n\n']);
    expect(events).toEqual([{ name: 'error', data: 'a' }, message('b'), message('c')]);
  });

  it('gives the same events wherever its bytes are cut in two', () => {
    const text = '\ufeffevent: e\r\ndata: ä€😀\r\n\r\n: comment\rdata: {"a":"ü"}\ndata: 2\n\n';
    const bytes = Buffer.from(text);
    const whole = read([bytes]);
    expect(whole.events).toEqual([{ name: 'e', data: 'ä€😀' }, message('{"a":"ü"}\n2')]);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it('gives the same events whatever they are and however they are cut', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
    const ending = fc.constantFrom('\n', '\r\n');
    const event = fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 3 }), ending });
    fc.assert(
      fc.property(fc.array(event), fc.infiniteStream(fc.nat(20)), (events, sizes) => {
        const text = events
          .map(({ lines, ending: end }) => lines.map((l) => `data: ${l}${end}`).join('') + end)
          .join('');
        const bytes = Buffer.from(text);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = sizes.next().value;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
          if (pieces.length > 10_000) break;
        }
        expect(read(pieces)).toEqual({
          events: events.map(({ lines }) => message(lines.join('\n').toWellFormed())),
          fault: undefined,
        });
      }),
    );
  });

  it.each(['<html>', 'ata: {}', '{"error":{}}', 'data : a', ' data: a'])(
    'is at fault after its good events with the line %j',
    (line) => {
      const { events, fault } = read([`data: a\n\n${line}\n\ndata: b\n\n`]);
      expect(events).toEqual([message('a')]);
      expect(fault).toBe('a line is no field of an event');
    },
  );

  it('leaves out a torn last line that is no data', () => {
    expect(read(['data: a\n\neve'])).toEqual({ events: [message('a')], fault: undefined });
  });

  it('bounds a line, also one that never ends', () => {
    const { events, fault } = read(['data: a\n\n', 'data: ', 'x'.repeat(60), 'x'.repeat(60)], 100);
    expect(events).toEqual([message('a')]);
    expect(fault).toBe('an event is longer than 100 bytes');
  });

  it('bounds the lines of one event together', () => {
    expect(read(['data: 1234567890\n'.repeat(10)], 100).fault).toContain('100 bytes');
  });

  it('does not count comments and earlier events to the bound', () => {
    const text = ': keeps the line alive\n'.repeat(50) + 'data: 1234567890\n\n'.repeat(50);
    expect(read([text], 100)).toMatchObject({ fault: undefined, events: { length: 50 } });
  });
});
