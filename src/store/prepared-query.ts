import type { Compilable, Kysely } from 'kysely';

import type { Engine } from './engine-sql.ts';
import type { Tables } from './tables.ts';

/** Stands for a value that each execution gives. */
export interface Placeholders<Values extends object> {
  <Name extends keyof Values & string>(name: Name): Values[Name];
}

/**
 * A query that is built and compiled once for an engine and then executed with other values, because
 * building one costs several times what SQLite needs to execute it:
 *
 * ```ts
 * const renewLease = new PreparedQuery((database, value: Placeholders<{ slot: number; untilMs: number }>) =>
 *   database.updateTable('poll_slot').set({ lease_until_ms: value('untilMs') }).where('slot', '=', value('slot')),
 * );
 * await transaction.execute(renewLease, { slot: 7, untilMs: 1_000 });
 * ```
 */
export class PreparedQuery<Values extends object, Row> {
  readonly #build: (database: Kysely<Tables>, value: Placeholders<Values>) => Compilable<Row>;
  readonly #compiled = new Map<Engine, CompiledTemplate<Values>>();

  constructor(build: (database: Kysely<Tables>, value: Placeholders<Values>) => Compilable<Row>) {
    this.#build = build;
  }

  /** @internal The text for an engine, and the order in which it takes the values. */
  compiledFor(engine: Engine, database: Kysely<Tables>): CompiledTemplate<Values> {
    const known = this.#compiled.get(engine);
    if (known !== undefined) return known;
    const placeholder = (name: string) => new Placeholder(name);
    const { sql, parameters } = this.#build(
      database,
      placeholder as unknown as Placeholders<Values>,
    ).compile();
    const template: CompiledTemplate<Values> = {
      sql,
      parametersFor: (values) =>
        parameters.map((parameter) =>
          parameter instanceof Placeholder
            ? (values as Readonly<Record<string, unknown>>)[parameter.name]
            : parameter,
        ),
    };
    this.#compiled.set(engine, template);
    return template;
  }
}

/** @internal */
export interface CompiledTemplate<Values extends object> {
  readonly sql: string;
  readonly parametersFor: (values: Values) => unknown[];
}

class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
