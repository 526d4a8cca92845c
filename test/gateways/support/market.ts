import type { GroqServer } from '../../support/groq-server.ts';
import { startServiceOnRecordings } from '../../support/service-process.ts';
import { askForData } from './ask.ts';
import { asRouter } from './callers.ts';
import type { RouterIdentity } from './callers.ts';
import type { HeadersForService } from './gateways.ts';
import { startGpuSubgraph } from './gpu-subgraph.ts';
import { startListingsSubgraph } from './listings-subgraph.ts';
import type { ListingsSubgraph } from './listings-subgraph.ts';
import { SERVICE_NAME } from './service-name.ts';
import { composeSupergraph } from './supergraph.ts';
import type { Supergraph } from './supergraph.ts';
import { startTap } from './tap.ts';
import type { Tap } from './tap.ts';

/** The marketplace in small: the service on recorded data, two other subgraphs, all composed. */
export interface Market {
  /** Where the service itself answers, past any gateway. */
  readonly serviceUrl: string;
  readonly groq: GroqServer;
  /** What gateways send to the service goes through here. */
  readonly tap: Tap;
  readonly listings: ListingsSubgraph;
  readonly supergraph: Supergraph;
  readonly headersForService: HeadersForService;
  close(): Promise<void>;
}

export interface MarketOptions {
  /** Settings of the service beside those that lead it to the recorded provider. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly router?: RouterIdentity;
}

/** Who gateways are unless a test says otherwise. */
const anyRouter: RouterIdentity = { token: 'router-token-of-the-gateway-tests', callers: {} };

/** Starts everything but the gateways; resolves once the service has live prices. */
export async function openMarket(options: MarketOptions = {}): Promise<Market> {
  const headersForService = asRouter(options.router ?? anyRouter);
  const recorded = await startServiceOnRecordings(options.environment);
  const { service, groq } = recorded;
  const tap = await startTap(service.url);
  const [listings, gpus] = await Promise.all([startListingsSubgraph(), startGpuSubgraph()]);
  const { _service } = await askForData<{ readonly _service: { readonly sdl: string } }>(
    service.url,
    '{ _service { sdl } }',
    {},
    headersForService(new Headers()),
  );
  return {
    serviceUrl: service.url,
    groq,
    tap,
    listings,
    supergraph: composeSupergraph([
      { name: SERVICE_NAME, url: tap.url, sdl: _service.sdl },
      { name: 'listings', ...listings },
      { name: 'gpus', ...gpus },
    ]),
    headersForService,
    async close() {
      await Promise.all([listings.stop(), gpus.stop(), tap.close()]);
      await recorded.close();
    },
  };
}
