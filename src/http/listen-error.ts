/** Why the service can't listen, in words for the operator; `code` is the system's, such as `EADDRINUSE`. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(host: string, port: number, cause: Error) {
    const { code = 'UNKNOWN' } = cause as NodeJS.ErrnoException;
    const remedy = remedies.get(code) ?? cause.message;
    super(`The service cannot listen on ${host}, port ${port}: ${remedy}`, { cause });
    this.code = code;
  }
}

const remedies: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program has the port; stop that one, or set another PORT'],
  ['EACCES', 'its user may not have the port; set a PORT of 1024 or more'],
  ['EADDRNOTAVAIL', 'this machine does not have the address; set another HOST'],
  ['ENOTFOUND', 'nobody knows the name; set another HOST'],
]);
