import { enableCompileCache } from 'node:module';

enableCompileCache();

const { ConfigError, readConfig } = await import('./config.ts');
const { createService } = await import('./service.ts');
const { RegistryError } = await import('./registry.ts');
const { ListenError } = await import('./http/listen-error.ts');
const { StoreError } = await import('./store/store-error.ts');

try {
  const service = createService(readConfig(process.env));
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    service.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await service.start();
} catch (error) {
  const text = reasonOf(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

/** What whoever starts the service can mend is said without a stack, with its code where it has one. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof RegistryError) return error.message;
  if (error instanceof StoreError || error instanceof ListenError) {
    return `${error.code}: ${error.message}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
