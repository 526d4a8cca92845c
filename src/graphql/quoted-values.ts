/** How graphql-js ends what it says of a variable: its own reasons, none of which quotes a value. */
const reasons: readonly RegExp[] = [
  /; (Field "\w{1,80}" of required type "[^"]{1,80}" was not provided\.)$/,
  /; (Field "\w{1,80}" is not defined by type "\w{1,80}"\.)$/,
  /; (Expected type "[^"]{1,80}" to be an object\.)$/,
  /; (Expected non-nullable type "[^"]{1,80}" not to be null\.)$/,
  /; (Value "\w{1,40}" does not exist in "\w{1,80}" enum\.)$/,
  // The sentences of our own scalars.
  /; ([A-Z][^;"]{1,150}\.)$/,
];

/** What quotes a value of the client's, and what takes its place. */
const quotations: readonly (readonly [RegExp, string])[] = [
  [/( cannot represent [\w -]{1,80}): [\s\S]*$/, '$1.'],
  [/^(Expected value of type "[^"]{1,80}"), found [\s\S]*$/, '$1.'],
  [/^(Argument "\w{1,80}" has invalid value) [\s\S]*$/, '$1.'],
  [/^(Syntax Error: [\s\S]{0,80}?(?:found|Unexpected) (?:Block)?String) "[\s\S]*$/, '$1.'],
  [/Value "[\s\S]*" does not exist in/, 'Value does not exist in'],
];

/**
 * A message of graphql-js without the values that it quotes of a request: prompts are values, and what a
 * client is told is written down by the routers on its way. Names, types and paths stay.
 */
export function withoutValues(message: string): string {
  const [, variable, name] = /^(Variable "\$(\w{1,200})" got invalid value) /.exec(message) ?? [];
  if (name !== undefined) return `${variable}${pathOf(message, name)}${reasonOf(message)}`;
  for (const [pattern, replacement] of quotations) {
    if (pattern.test(message)) return message.replace(pattern, replacement);
  }
  return message;
}

/** Where in the variable it was. */
function pathOf(message: string, name: string): string {
  const [path] =
    message.match(new RegExp(` at "${name}[\\w.[\\]]{1,200}"(?=; )`, 'g'))?.slice(-1) ?? [];
  return path ?? '';
}

function reasonOf(message: string): string {
  const [, represents] =
    /[\s\S]*; ([^;]{1,100} cannot represent [\w -]{1,80}): /.exec(message) ?? [];
  if (represents !== undefined) return `; ${represents}.`;
  for (const reason of reasons) {
    const [, words] = reason.exec(message) ?? [];
    if (words !== undefined) return `; ${words}`;
  }
  return '.';
}
