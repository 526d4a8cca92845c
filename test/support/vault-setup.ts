import { startVaultProcess } from './vault-process.ts';

/**
 * Starts the server that `VAULT_BINARY` names, where `VAULT_ADDR` and `VAULT_TOKEN` name none that is there, and
 * says which tests are left out without it.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const {
    VAULT_ADDR: address = '',
    VAULT_TOKEN: token = '',
    VAULT_BINARY: binary = '',
  } = process.env;
  if (binary === '') {
    process.stdout.write(
      'NOT RUN: test/secrets/vault-process-real.test.ts, since VAULT_BINARY names no program to start.\n',
    );
  }
  if ((address !== '' && token !== '') || binary === '') return async () => undefined;
  const vault = await startVaultProcess(binary);
  process.env['VAULT_ADDR'] = vault.address;
  process.env['VAULT_TOKEN'] = vault.token;
  process.stdout.write(`\n${binary} ${vault.version} runs at ${vault.address} for these tests.\n`);
  return async () => await vault.stop();
}
