import { describeStore } from '../support/store-contract.ts';
import { openQuietly, temporaryFolder } from '../support/store-opening.ts';

describeStore('SQLite', async () => {
  const folder = await temporaryFolder();
  return { open: () => openQuietly({ dataDir: folder.path }), dispose: folder.remove };
});
