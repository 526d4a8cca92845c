import { afterAll, beforeAll, beforeEach, describe } from 'vitest';

import { ask, askForData } from './ask.ts';
import type { Answer } from './ask.ts';
import { gatewayKinds } from './gateways.ts';
import type { Gateway } from './gateways.ts';
import { openMarket } from './market.ts';
import type { Market, MarketOptions } from './market.ts';

/** What a test behind one gateway works with. */
export interface Bench {
  readonly market: Market;
  readonly gatewayUrl: string;
  /** Asks through the gateway, as a client with these headers. */
  ask(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Asks through the gateway; an error fails the test. */
  data(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, unknown>>;
  /** Asks the service itself; an error fails the test. */
  directData(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, unknown>>;
}

/**
 * Defines the same tests behind every gateway, all over one market.
 *
 * @param define - gets the bench by a function, since it exists only while tests run.
 */
export function behindEachGateway(
  options: MarketOptions,
  define: (bench: () => Bench) => void,
): void {
  let market: Market;

  beforeAll(async () => {
    market = await openMarket(options);
  });
  afterAll(async () => await market.close());

  describe.each(gatewayKinds)('behind $name', (kind) => {
    let gateway: Gateway;

    beforeAll(async () => {
      gateway = await kind.start(market.supergraph.sdl, market.headersForService);
    });
    beforeEach(() => market.tap.forget());
    afterAll(async () => await gateway.stop());

    define(() => benchOf(market, gateway.url));
  });
}

function benchOf(market: Market, gatewayUrl: string): Bench {
  const own = market.headersForService(new Headers());
  return {
    market,
    gatewayUrl,
    ask: async (...question) => await ask(gatewayUrl, ...question),
    data: async (...question) => await askForData(gatewayUrl, ...question),
    directData: async (query, variables) =>
      await askForData(market.serviceUrl, query, variables, own),
  };
}
