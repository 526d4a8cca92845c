import { afterAll, beforeAll, describe } from 'vitest';

import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { describeBudgets } from './ledger-contract-budgets.ts';
import { describeContent } from './ledger-contract-content.ts';
import { describeFacts } from './ledger-contract-facts.ts';
import { describeLimits } from './ledger-contract-limits.ts';
import { describeLists } from './ledger-contract-lists.ts';
import { describeUsage } from './ledger-contract-usage.ts';

/** A ledger's storage that can be opened again, as by a service that restarts. */
export interface LedgerHarness {
  readonly open: () => Promise<OpenLedger>;
  /** Whether several may be open at once, as with replicas. */
  readonly isShared: boolean;
  readonly dispose: () => Promise<void>;
}

export interface OpenLedger {
  readonly store: LedgerStore;
  readonly close: () => Promise<void>;
}

/** What a part of the contract works with. */
export interface ContractLedger {
  /** The opened store; another one after {@link restart}. */
  readonly store: () => LedgerStore;
  readonly restart: () => Promise<void>;
  /** The store of another process, where the storage allows one beside the first; else the same one. */
  readonly other: () => LedgerStore;
}

/** What every storage of the ledger promises; run for each of them. */
export function describeLedgerStore(
  engine: string,
  createHarness: () => Promise<LedgerHarness>,
): void {
  const inOwnStorage = (title: string, part: (context: ContractLedger) => void) => {
    describe(`${title} on ${engine}`, () => {
      let harness: LedgerHarness;
      let opened: OpenLedger;
      let beside: OpenLedger | undefined;

      beforeAll(async () => {
        harness = await createHarness();
        opened = await harness.open();
        if (harness.isShared) beside = await harness.open();
      });

      afterAll(async () => {
        await opened.close();
        await beside?.close();
        await harness.dispose();
      });

      part({
        store: () => opened.store,
        other: () => (beside ?? opened).store,
        restart: async () => {
          await opened.close();
          opened = await harness.open();
        },
      });
    });
  };

  inOwnStorage('runs and their facts', describeFacts);
  inOwnStorage('keys, places and rates', describeLimits);
  inOwnStorage('budgets', describeBudgets);
  inOwnStorage('usage', describeUsage);
  inOwnStorage('lists of runs', describeLists);
  inOwnStorage('content, events, speeds and owners', describeContent);
}
