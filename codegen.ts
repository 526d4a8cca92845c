import type { CodegenConfig } from '@graphql-codegen/cli';

/** Resolver and argument types from `schema.graphql`; `npm run check` fails when they are out of date. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  emitLegacyCommonJSImports: false,
  importExtension: '.ts',
  generates: {
    'src/graphql/generated.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        federation: true,
        useTypeImports: true,
        enumsAsTypes: true,
        immutableTypes: true,
        strictScalars: true,
        scalars: {
          ID: { input: 'string', output: 'string' },
          Decimal: {
            input: '../domain/decimal.ts#Decimal',
            output: '../domain/decimal.ts#Decimal',
          },
          DateTime: 'number',
          JSON: 'unknown',
          _FieldSet: 'string',
        },
        contextType: './context.ts#RequestContext',
        useIndexSignature: false,
        maybeValue: 'T | null | undefined',
        inputMaybeValue: 'T | null | undefined',
        resolversNonOptionalTypename: false,
        mappers: {
          Provider: '../catalogue/snapshot.ts#ProviderEntry',
          Model: '../catalogue/snapshot.ts#ModelEntry',
          Offering: '../catalogue/snapshot.ts#OfferingEntry',
          Pricing: './resolvers/offering.ts#PricingParent',
          Performance: '../catalogue/snapshot.ts#OfferingEntry',
          Residency: '../catalogue/snapshot.ts#ProviderEntry',
          Feed: '../catalogue/snapshot.ts#FeedEntry',
          Percentiles: '../catalogue/snapshot.ts#MeasuredPercentiles',
          InferenceRun: '../inference/live-runs.ts#RunView',
          InferenceCost: '../inference/live-runs.ts#RunView',
          InferenceEvent: './resolvers/inference-run.ts#EventParent',
          OfferingChange: '../catalogue/change-log.ts#OfferingNotice',
          OfferingState: '../catalogue/snapshot.ts#OfferingEntry',
          StatedPrice: '../catalogue/offering-price.ts#OfferingPrice',
          InferenceUsageRow: '../inference/ledger-store.ts#UsageRow',
          Viewer: '../callers/caller.ts#Caller',
        },
      },
    },
  },
};

export default config;
