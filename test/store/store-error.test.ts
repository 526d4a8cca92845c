import { expect, test } from 'vitest';

import { isStorageAway } from '../../src/domain/storage-away.ts';
import {
  DatabaseAway,
  isConnectionLost,
  statementFailureOf,
  StoreError,
} from '../../src/store/store-error.ts';

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

test.each([
  ['a lost connection', new DatabaseAway(postgres('ECONNREFUSED')), true],
  ['a server that can not be reached', new StoreError('DATABASE_UNREACHABLE', ''), true],
  ['more work than may wait', new StoreError('BUSY', ''), true],
  ['a disk that failed', new StoreError('DISK_FAILED', ''), true],
  ['a commit that was not answered', new StoreError('COMMIT_UNKNOWN', ''), true],
  ['a store that is being closed', new StoreError('CLOSED', ''), true],
  ['a value that can not be stored', new StoreError('UNSTORABLE_VALUE', ''), false],
  ['a question that is too large', new StoreError('QUERY_TOO_LARGE', ''), false],
  ['a fault of ours', new TypeError('x is not a function'), false],
  ['what is no error at all', 'text', false],
])('%s says whether storage is away', (_what, error, isAway) => {
  expect(isStorageAway(error)).toBe(isAway);
});

test('a lost connection is classified by what was behind it, and keeps its words', () => {
  const away = new DatabaseAway(postgres('25006'));
  expect(statementFailureOf(away)).toBe('READ_ONLY');
  expect(statementFailureOf(new DatabaseAway(postgres('57P01')))).toBe('CONNECTION_LOST');
  expect(away.message).toBe('from the server');
});
