import { readFile } from 'node:fs/promises';
import type { RuruServerConfig } from 'ruru/server';
import type { HttpAnswer } from './answers.ts';

export interface ExplorerOptions {
  /** The operation that a first visitor finds in the editor. */
  readonly exampleQuery: string;
  /** JSON text of its variables. With variables the example opens in a tab of its own at each visit. */
  readonly exampleVariables?: string;
}

/** Where the explorer's own files live. */
export const EXPLORER_PATH = '/explorer/';

/**
 * Everything comes from this service, nothing from elsewhere. The editor compiles code in workers and
 * sets inline styles, so those stay allowed.
 */
const EXPLORER_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "worker-src 'self' blob:",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A page that a browser may open, and the files it asks for. */
export interface Explorer {
  page(): Promise<HttpAnswer>;
  /** Undefined where there is no such file; source maps are not served. */
  file(
    path: string,
    acceptEncoding: string | undefined,
    ifNoneMatch: string | undefined,
  ): Promise<HttpAnswer | undefined>;
}

/**
 * GraphiQL from the `ruru` package, served by ourselves so that it works without internet. Nothing of it
 * is loaded before the first visit; its files, already compressed, then take about 4 MB.
 */
export function createExplorer(options: ExplorerOptions): Explorer {
  let assets: Promise<{ readonly path: string; readonly html: string }> | undefined;
  const load = async (): Promise<{ readonly path: string; readonly html: string }> => {
    // The package's version in the path is what lets browsers keep the files for good.
    const path = `${EXPLORER_PATH}${await ruruVersion()}/`;
    return { path, html: await renderPage(options, path) };
  };

  return {
    page: async () => {
      assets ??= load();
      const { html } = await assets;
      return {
        status: 200,
        headers: {
          'content-type': 'text/html; charset=utf-8',
          'cache-control': 'no-cache',
          'content-security-policy': EXPLORER_POLICY,
          vary: 'accept',
        },
        body: html,
      };
    },
    file: async (path, acceptEncoding, ifNoneMatch) => {
      assets ??= load();
      const { path: staticPath } = await assets;
      if (!path.startsWith(staticPath)) return undefined;
      const { getStaticFile } = await import('ruru/static');
      const file = await getStaticFile({
        staticPath,
        urlPath: path,
        acceptEncoding,
        disallowDevAssets: true,
      });
      if (file === null) return undefined;
      const { 'content-length': _length, ...headers } = file.headers;
      const kept = {
        ...headers,
        'cache-control': 'public, max-age=31536000, immutable',
        // Workers are documents of their own kind: they get the page's policy, not that of data.
        'content-security-policy': EXPLORER_POLICY,
        vary: 'accept-encoding',
      };
      return ifNoneMatch !== undefined && ifNoneMatch === headers['etag']
        ? { status: 304, headers: kept, body: '' }
        : { status: 200, headers: kept, body: file.content };
    },
  };
}

async function renderPage(
  { exampleQuery, exampleVariables }: ExplorerOptions,
  staticPath: string,
): Promise<string> {
  const { ruruHTML } = await import('ruru/server');
  const clientConfig = {
    defaultQuery: exampleQuery,
    ...(exampleVariables === undefined
      ? {}
      : { initialQuery: exampleQuery, initialVariables: exampleVariables }),
  };
  return ruruHTML({
    endpoint: '/graphql',
    staticPath,
    // The declared type needs the browser's own types, without which it calls every option required.
    clientConfig: clientConfig as RuruServerConfig['clientConfig'] & object,
    // An icon without content, or every browser asks for /favicon.ico and reports that there is none.
    htmlParts: { titleTag: '<title>GPUBROKER explorer</title><link rel="icon" href="data:," />' },
  });
}

async function ruruVersion(): Promise<string> {
  const manifest = new URL('../package.json', import.meta.resolve('ruru/server'));
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly version: string };
  return version;
}
