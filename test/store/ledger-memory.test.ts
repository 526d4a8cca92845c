import { describeLedgerStore } from '../support/ledger-store-contract.ts';
import { MemoryLedgerStore } from '../support/memory-ledger-store.ts';

describeLedgerStore('memory', async () => {
  const ledger = new MemoryLedgerStore();
  return {
    isShared: true,
    open: async () => ({ store: ledger.connect(), close: async () => undefined }),
    dispose: async () => undefined,
  };
});
