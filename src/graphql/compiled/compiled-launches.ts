import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { collectFields } from 'graphql/execution/collectFields.js';

import { ByteTextBuilder } from '../byte-text.ts';
import type { ByteText } from '../byte-text.ts';
import type { RequestContext } from '../context.ts';
import type { MutationLaunchInferenceArgs } from '../generated.ts';
import { launchAnswer, leaveToEngine } from '../resolvers/mutation.ts';
import { CompiledOperation } from './compiled-operation.ts';
import { FragmentCache } from './fragment-cache.ts';
import { NotCompiled, writerOf } from './json-writers.ts';
import type { Execution, Writer } from './json-writers.ts';
import { compileArguments, compileValue } from './object-writer.ts';
import type { Compilation } from './object-writer.ts';

/** Text of the parts of rows that launches were answered with. */
const maximumFragmentCharacters = 1024 * 1024;

/**
 * Carries out operations that launch one inference and nothing else. The launch is the resolver's own; only
 * what stands around it is compiled, as in `compiled-queries.ts`. Where its answer is not written here, an error
 * above all, the engine writes it, from the launch that was made.
 */
export class CompiledLaunches {
  readonly #schema: GraphQLSchema;
  readonly #cache = new FragmentCache(maximumFragmentCharacters);
  readonly #operations = new WeakMap<OperationDefinitionNode, CompiledOperation<LaunchPlan>>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * Undefined where nothing was done and the engine has to execute the operation; else resolves with the
   * answer's body as JSON, or with undefined where the engine has to write it, in the same context.
   *
   * @param document - valid for the schema and within the limits.
   */
  execute(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
    context: RequestContext,
  ): Promise<ByteText | undefined> | undefined {
    const known = this.#operations.get(operation);
    if (known === undefined) {
      // Documents that come once are not worth compiling.
      this.#operations.set(
        operation,
        new CompiledOperation(compileLaunch, this.#schema, document, operation, this.#cache),
      );
      return undefined;
    }
    const prepared = known.prepare(variables);
    if (prepared === undefined) return undefined;
    const { plan, variables: coerced } = prepared;
    let args: MutationLaunchInferenceArgs;
    try {
      args = plan.argumentsOf({ variables: coerced }) as MutationLaunchInferenceArgs;
    } catch {
      // Nothing is launched yet, and the engine knows how to say what is wrong.
      return undefined;
    }
    return launched(plan, args, { context, variables: coerced });
  }
}

async function launched(
  { write }: LaunchPlan,
  args: MutationLaunchInferenceArgs,
  execution: Execution,
): Promise<ByteText | undefined> {
  const answer = launchAnswer(args.input, execution.context);
  try {
    const output = new ByteTextBuilder();
    write(await answer, execution, output);
    return output.build();
  } catch {
    leaveToEngine(answer, execution.context);
    return undefined;
  }
}

interface LaunchPlan {
  readonly argumentsOf: ReturnType<typeof compileArguments>;
  /** Writes the whole answer from what the resolver gave. */
  readonly write: Writer;
}

function compileLaunch(compilation: Compilation, operation: OperationDefinitionNode): LaunchPlan {
  const { schema, fragments, conditions } = compilation;
  const type = schema.getMutationType();
  if (type === undefined || type === null) throw new NotCompiled();
  const selected = collectFields(schema, fragments, conditions, type, operation.selectionSet);
  const [only, another] = selected;
  if (only === undefined || another !== undefined) throw new NotCompiled();
  const [key, nodes] = only;
  const [node] = nodes;
  const field = type.getFields()['launchInference'];
  if (field === undefined || node?.name.value !== field.name) throw new NotCompiled();
  const before = `{"data":{${JSON.stringify(key)}:`;
  const writeValue = writerOf(compileValue(compilation, field.type, nodes));
  return {
    argumentsOf: compileArguments(field, node),
    write: (value, execution, output) => {
      output.add(before);
      writeValue(value, execution, output);
      output.add('}}');
    },
  };
}
