/** What a GraphQL server answered. */
export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly AnswerError[];
}

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Sends one operation as an ordinary client does. */
export async function ask(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as Partial<Answer>;
  return { status: response.status, data: body.data, errors: body.errors ?? [] };
}

/**
 * The data of an answer that has no errors.
 *
 * @throws Error with the errors, when there are some.
 */
export async function askForData<Data = Record<string, unknown>>(
  ...question: Parameters<typeof ask>
): Promise<Data> {
  const { status, data, errors } = await ask(...question);
  if (errors.length > 0 || data === null || data === undefined) {
    throw new Error(`status ${status}: ${JSON.stringify(errors)}`);
  }
  return data as Data;
}
