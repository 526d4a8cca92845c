/** What the supergraph calls the service under test. */
export const SERVICE_NAME = 'inference';
