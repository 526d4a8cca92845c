import type { ByteTextBuilder } from '../byte-text.ts';
import type { RequestContext } from '../context.ts';

/** Thrown for whatever is not written here: an error, a promise, a null where there must be none. */
export class NotCompiled extends Error {
  override readonly name = 'NotCompiled';
}

/** What one execution depends on beside the rows. */
export interface Execution {
  readonly context: RequestContext;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Writes a value as JSON, one character for each byte in UTF-8. */
export type TextOf = (value: unknown, execution: Execution) => string;

/** The same, behind what is written already. */
export type Writer = (value: unknown, execution: Execution, output: ByteTextBuilder) => void;

/** How a value is written: what follows from the value alone has a text that can be kept. */
export type Compiled =
  | { readonly isFixed: true; readonly textOf: TextOf }
  | { readonly isFixed: false; readonly write: Writer };

/** The writer of a value, whichever way its text is made. */
export function writerOf(compiled: Compiled): Writer {
  if (!compiled.isFixed) return compiled.write;
  const { textOf } = compiled;
  return (value, execution, output) => output.add(textOf(value, execution));
}

/** Writes a value of this kind, or null. */
export function nullable(compiled: Compiled): Compiled {
  if (compiled.isFixed) {
    const { textOf } = compiled;
    return {
      isFixed: true,
      textOf: (value, execution) =>
        value === null || value === undefined ? 'null' : textOf(value, execution),
    };
  }
  const { write } = compiled;
  return {
    isFixed: false,
    write: (value, execution, output) => {
      if (value === null || value === undefined) output.add('null');
      else write(value, execution, output);
    },
  };
}

/** Writes a value of this kind, which has to be there. */
export function nonNull(compiled: Compiled): Compiled {
  if (compiled.isFixed) {
    const { textOf } = compiled;
    return { isFixed: true, textOf: (value, execution) => textOf(present(value), execution) };
  }
  const { write } = compiled;
  return {
    isFixed: false,
    write: (value, execution, output) => write(present(value), execution, output),
  };
}

function present(value: unknown): unknown {
  if (value === null || value === undefined) throw new NotCompiled();
  return value;
}

/** Writes a list of values of this kind. */
export function listOf(item: Compiled): Compiled {
  if (item.isFixed) {
    const { textOf } = item;
    return {
      isFixed: true,
      textOf: (value, execution) => {
        let text = '';
        for (const one of itemsOf(value)) {
          text += text === '' ? '[' : ',';
          text += textOf(plain(one), execution);
        }
        return text === '' ? '[]' : `${text}]`;
      },
    };
  }
  const { write } = item;
  return {
    isFixed: false,
    write: (value, execution, output) => {
      let before = '[';
      for (const one of itemsOf(value)) {
        output.add(before);
        write(plain(one), execution, output);
        before = ',';
      }
      output.add(before === '[' ? '[]' : ']');
    },
  };
}

function itemsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotCompiled();
  return value;
}

/** The value itself. @throws NotCompiled for what the engine would wait for or report. */
export function plain(value: unknown): unknown {
  if (value instanceof Promise) {
    // The engine asks again and tells of a failure; here nobody waits for it.
    value.catch(() => undefined);
    throw new NotCompiled();
  }
  if (value instanceof Error) throw new NotCompiled();
  return value;
}

/** A field with its key as it is written; both are written from the object that has the field. */
export interface CompiledField {
  readonly key: string;
  readonly value: Compiled;
}

/**
 * Writes an object with these fields.
 *
 * @param keep - keeps the text of a part that follows from the object alone.
 */
export function objectOf(
  fields: readonly CompiledField[],
  keep: (textOf: TextOf) => TextOf,
): Compiled {
  const runs = runsOf(fields);
  const [first] = runs;
  if (runs.length === 1 && first?.isFixed === true) {
    const { textOf } = first;
    return { isFixed: true, textOf: keep((value, execution) => `{${textOf(value, execution)}}`) };
  }
  const writers = runs.map((run) =>
    writerOf(run.isFixed ? { isFixed: true, textOf: keep(run.textOf) } : run),
  );
  return {
    isFixed: false,
    write: (value, execution, output) => {
      let before = '{';
      for (const write of writers) {
        output.add(before);
        write(value, execution, output);
        before = ',';
      }
      output.add(before === '{' ? '{}' : '}');
    },
  };
}

/** Makes one of neighbouring fields whose text follows from their object alone. */
function runsOf(fields: readonly CompiledField[]): readonly Compiled[] {
  const runs: Compiled[] = [];
  for (const { key, value } of fields) {
    if (!value.isFixed) {
      const { write } = value;
      runs.push({
        isFixed: false,
        write: (source, execution, output) => {
          output.add(key);
          write(source, execution, output);
        },
      });
      continue;
    }
    const { textOf } = value;
    const before = runs.at(-1);
    if (before?.isFixed !== true) {
      runs.push({ isFixed: true, textOf: (source, execution) => key + textOf(source, execution) });
      continue;
    }
    const { textOf: textBefore } = before;
    runs[runs.length - 1] = {
      isFixed: true,
      textOf: (source, execution) =>
        `${textBefore(source, execution)},${key}${textOf(source, execution)}`,
    };
  }
  return runs;
}
