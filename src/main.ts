import { enableCompileCache } from 'node:module';

enableCompileCache();

const { ConfigError, readConfig } = await import('./config.ts');
const { createService } = await import('./service.ts');
const { RegistryError } = await import('./registry.ts');

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
  const isSettings = error instanceof ConfigError || error instanceof RegistryError;
  const text = isSettings ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
