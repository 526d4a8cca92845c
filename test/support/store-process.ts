import { PrintingProcess } from './printing-process.ts';

/** A running `store-child.ts`. */
export class StoreProcess extends PrintingProcess {
  constructor(mode: 'hold' | 'write', dataDir: string, firstSlot = 0) {
    super('./store-child.ts', mode, dataDir, String(firstSlot));
  }
}
