import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

/**
 * Starts Chromium with no way out: every host name but that of loopback fails to resolve, as on a machine
 * without internet.
 *
 * @throws Error when there is no such browser; `.ci/install-chromium` installs Debian's.
 */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page, with what it asked for and what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** The addresses of all requests and sockets so far. */
  readonly requests: readonly string[];
  /** Faults of scripts, and what the console shows as an error or a warning. */
  readonly complaints: readonly string[];
  /** What the content security policy stopped on the page. */
  violations(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens an address in a profile of its own, on a screen of the usual size. */
export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(`${message.text()} (${message.location().url})`);
    }
  });
  // Text, not functions: this file is checked without the browser's types.
  await page.addInitScript(`
    globalThis.policyViolations = [];
    addEventListener('securitypolicyviolation', (event) => {
      globalThis.policyViolations.push(event.violatedDirective + ' ' + event.blockedURI);
    });
  `);
  await page.goto(url);
  return {
    page,
    requests,
    complaints,
    violations: async () => await page.evaluate<readonly string[]>('globalThis.policyViolations'),
    close: async () => await context.close(),
  };
}
