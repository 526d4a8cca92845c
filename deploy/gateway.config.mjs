/**
 * Hive Gateway in front of the service. In development everybody is one caller; a real router finds out who
 * its client is, and passes no header on that says so.
 */
export const gatewayConfig = {
  propagateHeaders: {
    fromClientToSubgraphs: () => ({
      'x-router-token': process.env['ROUTER_TOKEN'] ?? '',
      'x-caller-id': 'development-caller',
    }),
  },
};
