import { Decimal } from './domain/decimal.ts';
import { hostOf } from './domain/public-address.ts';
import type { SecretSource } from './secrets/vault-options.ts';

/** Variables by name, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one variable after the other and collects what is wrong with them, so that all of it is told at once. */
export class Settings {
  readonly faults: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Undefined when absent or empty. */
  text(name: string): string | undefined {
    const value = this.#environment[name];
    return value === undefined || value === '' ? undefined : value;
  }

  integer(name: string, fallback: number, minimum: number, maximum: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    this.faults.push(`${name} must be a whole number from ${minimum} to ${maximum}`);
    return fallback;
  }

  /** Values between commas, without the blanks around them. */
  list(name: string): readonly string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** Host names with or without a port, between commas. */
  hosts(name: string): readonly string[] {
    return this.list(name).map((host) => {
      const url = URL.parse(`http://${host}`);
      if (url === null || url.origin !== `http://${url.host}` || url.href !== `${url.origin}/`) {
        this.faults.push(
          `${name} must be host names such as router.internal or router.internal:4000, between commas`,
        );
      }
      return host.toLowerCase();
    });
  }

  /** Host names or addresses without ports, between commas; undefined for none. */
  hostNames(name: string): ReadonlySet<string> | undefined {
    const texts = this.list(name);
    if (texts.length === 0) return undefined;
    const hosts = texts.map(hostOf).filter((host) => host !== undefined);
    if (hosts.length < texts.length) {
      this.faults.push(`${name} must be host names or addresses between commas, without ports`);
    }
    return new Set(hosts);
  }

  optionalInteger(name: string, minimum: number, maximum: number): number | undefined {
    return this.text(name) === undefined
      ? undefined
      : this.integer(name, minimum, minimum, maximum);
  }

  /** An amount in USD. */
  money(name: string): Decimal | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const amount = Decimal.parse(text);
    if (amount === undefined || amount.isNegative()) {
      this.faults.push(`${name} must be an amount in USD such as 12.50`);
    }
    return amount;
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name);
    if (text === undefined) return fallback;
    if (text !== '0' && text !== '1') this.faults.push(`${name} must be 0 or 1`);
    return text === '1';
  }

  choice(name: string, fallback: string, choices: readonly string[]): string {
    const text = this.text(name) ?? fallback;
    if (!choices.includes(text)) this.faults.push(`${name} must be one of ${choices.join(', ')}`);
    return text;
  }

  url(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
      this.faults.push(`${name} must be an http or https URL`);
      return undefined;
    }
    if (url.username !== '' || url.password !== '') {
      this.faults.push(`${name} must not hold credentials`);
      return undefined;
    }
    return text;
  }

  /** A URL that may hold a password: checked now, handed out when used. */
  secretUrl(name: string, protocols: readonly string[]): (() => string) | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    if (url === null || !protocols.includes(url.protocol)) {
      this.faults.push(`${name} must be a ${protocols.join(' or ')} URL`);
    }
    return () => this.#environment[name] ?? '';
  }

  /** `NAME` or the file that `NAME_FILE` names. */
  secretSource(name: string): SecretSource | undefined {
    const path = this.text(`${name}_FILE`);
    if (path !== undefined) return { kind: 'file', path };
    if (this.text(name) === undefined) return undefined;
    return { kind: 'value', read: () => this.#environment[name] ?? '' };
  }
}
