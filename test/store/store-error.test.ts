import { expect, test } from 'vitest';

import { isConnectionLost, statementFailureOf } from '../../src/store/store-error.ts';

const postgres = (code: string) => Object.assign(new Error('from the server'), { code });
const sqlite = (errcode: number) =>
  Object.assign(new Error('from SQLite'), { code: 'ERR_SQLITE_ERROR', errcode });

test.each([
  ['a deadlock', postgres('40P01'), 'SERIALIZATION_FAILURE'],
  ['a serialization failure', postgres('40001'), 'SERIALIZATION_FAILURE'],
  ['a key that is there', postgres('23505'), 'UNIQUE_VIOLATION'],
  ['a primary key that is there', sqlite(1555), 'UNIQUE_VIOLATION'],
  ['a unique column that is there', sqlite(2067), 'UNIQUE_VIOLATION'],
  ['another constraint', sqlite(1299), 'OTHER'],
  ['a statement timeout', postgres('57014'), 'TIMEOUT'],
  ['a server that shuts down', postgres('57P01'), 'CONNECTION_LOST'],
  ['a connection exception', postgres('08006'), 'CONNECTION_LOST'],
  ['a refused connection', postgres('ECONNREFUSED'), 'CONNECTION_LOST'],
  ['a connection that ended', new Error('Connection terminated unexpectedly'), 'CONNECTION_LOST'],
  ['an answer that never came', new Error('Query read timeout'), 'CONNECTION_LOST'],
  ['a demoted primary', postgres('25006'), 'READ_ONLY'],
  ['a full disk', sqlite(13), 'STORAGE_FULL'],
  ['a full disk of the server', postgres('53100'), 'STORAGE_FULL'],
  ['a file made read-only', sqlite(8), 'READ_ONLY'],
  ['a fault of ours', new TypeError('x is not a function'), 'OTHER'],
  ['what is no error at all', 'text', 'OTHER'],
])('%s is told apart', (_what, error, expected) => {
  expect(statementFailureOf(error)).toBe(expected);
  expect(isConnectionLost(error)).toBe(expected === 'CONNECTION_LOST');
});
