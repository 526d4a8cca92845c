import { describeLedgerStore } from '../support/ledger-store-contract.ts';
import { openQuietly, temporaryFolder } from '../support/store-opening.ts';

describeLedgerStore('SQLite', async () => {
  const { path: dataDir, remove } = await temporaryFolder();
  return {
    isShared: false,
    open: async () => {
      const store = await openQuietly({ dataDir });
      return { store: store.ledger, close: () => store.close() };
    },
    dispose: remove,
  };
});
