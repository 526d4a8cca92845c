import { Kind, parse, visit } from 'graphql';
import type {
  ConstDirectiveNode,
  DirectiveNode,
  DocumentNode,
  FieldDefinitionNode,
  ObjectTypeDefinitionNode,
} from 'graphql';

/**
 * The schema with the federation directives that let a router refuse by itself what this service would
 * refuse anyway. By switch only, because a router without the licence for them does not start on them.
 */
export function withAuthDirectives(document: DocumentNode): DocumentNode {
  return visit(document, {
    Directive: (directive) =>
      directive.name.value === 'link' ? withImports(directive) : undefined,
    ObjectTypeDefinition: {
      enter(type): ObjectTypeDefinitionNode | undefined {
        const rights = rightsByField[type.name.value];
        if (rights === undefined) return undefined;
        return { ...type, fields: (type.fields ?? []).map((field) => withRight(field, rights)) };
      },
    },
  });
}

const reading = '@requiresScopes(scopes: [["inference:read"], ["inference:operate"]])';
const launching = '@requiresScopes(scopes: [["inference:launch"]])';

/** The directive of each field that needs a right, by type. */
const rightsByField: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Query: {
    inferenceRun: reading,
    inferenceRuns: reading,
    inferenceUsage: reading,
    viewer: '@authenticated',
  },
  Mutation: {
    launchInference: launching,
    cancelInference: launching,
    resolveInference: '@requiresScopes(scopes: [["inference:operate"]])',
  },
  Subscription: { inferenceEvents: reading },
};

function withRight(
  field: FieldDefinitionNode,
  rights: Readonly<Record<string, string>>,
): FieldDefinitionNode {
  const right = rights[field.name.value];
  if (right === undefined) return field;
  return { ...field, directives: [...(field.directives ?? []), directiveOf(right)] };
}

function directiveOf(text: string): ConstDirectiveNode {
  const [definition] = parse(`type T { f: Int ${text} }`, { noLocation: true }).definitions;
  const directive =
    definition?.kind === Kind.OBJECT_TYPE_DEFINITION
      ? definition.fields?.[0]?.directives?.[0]
      : undefined;
  if (directive === undefined) throw new Error(`Not a directive: ${text}`);
  return directive;
}

/** The link to federation, with the two directives among what it imports. */
function withImports(link: DirectiveNode): DirectiveNode {
  return {
    ...link,
    arguments: (link.arguments ?? []).map((argument) =>
      argument.name.value === 'import' && argument.value.kind === Kind.LIST
        ? {
            ...argument,
            value: {
              ...argument.value,
              values: [
                ...argument.value.values,
                { kind: Kind.STRING, value: '@authenticated' },
                { kind: Kind.STRING, value: '@requiresScopes' },
              ],
            },
          }
        : argument,
    ),
  };
}
