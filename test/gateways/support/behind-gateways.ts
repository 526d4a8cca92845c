import { beforeAll, beforeEach, describe } from 'vitest';

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
  /** Asks through the gateway. */
  readonly ask: Question<Answer>;
  /** Asks through the gateway; an error fails the test. */
  readonly data: Question<Record<string, unknown>>;
  /** Asks the service itself, as the gateway would for the same client; an error fails the test. */
  readonly directData: Question<Record<string, unknown>>;
}

/** @param headers - what the client sends of its own. */
type Question<Result> = (
  query: string,
  variables?: Readonly<Record<string, unknown>>,
  headers?: Readonly<Record<string, string>>,
) => Promise<Result>;

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
    return async () => await market.close();
  });

  describe.each(gatewayKinds)('behind $name', (kind) => {
    let gateway: Gateway;

    beforeAll(async () => {
      gateway = await kind.start(market.supergraph.sdl, market.headersForService);
      return async () => await gateway.stop();
    });
    beforeEach(() => market.tap.forget());

    define(() => benchOf(market, gateway.url));
  });
}

function benchOf(market: Market, gatewayUrl: string): Bench {
  const { serviceUrl, headersForService } = market;
  return {
    market,
    gatewayUrl,
    ask: async (...question) => await ask(gatewayUrl, ...question),
    data: async (...question) => await askForData(gatewayUrl, ...question),
    directData: async (query, variables, headers) =>
      await askForData(serviceUrl, query, variables, headersForService(new Headers(headers))),
  };
}
