import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startServiceOnRecordings } from '../support/service-process.ts';
import type { RecordedService } from '../support/service-process.ts';
import { openPage, startBrowser } from './browser.ts';
import type { WatchedPage } from './browser.ts';

describe('the explorer in a browser without internet', () => {
  let recorded: RecordedService;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [recorded, browser] = await Promise.all([
      startServiceOnRecordings({ POLL_INTERVAL_SECONDS: '15' }),
      startBrowser(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await recorded.close();
  });
  beforeEach(async () => {
    watched = await openPage(browser, recorded.service.url);
    ({ page } = watched);
    await line(editor(page), 'costPerToken').waitFor();
  });
  afterEach(async () => await watched.close());

  it('opens on a query that tells what to do with it', async () => {
    expect(await page.title()).toBe('GPUBROKER explorer');
    expect(await textOf(editor(page))).toContain('Press the play button, or Ctrl-Enter.');
  });

  it('runs the query at the press of a button and shows real prices', async () => {
    await run(page);
    const shown = await answer(page, 'pricing');
    expect(shown).toContain('"name": "Llama Prompt Guard 2 22M"');
    expect(shown).toContain('"costPerToken": "0.00000003"');
    expect(shown).toContain('"basis": "LIVE"');
    expect(shown).toContain('"freshness": "FRESH"');
  });

  it('runs a query of the visitor with Ctrl-Enter', async () => {
    await replaceQuery(
      page,
      'query Price { offering(id: "groq:us-east:on_demand:openai/gpt-oss-20b") { costPerToken } }',
    );
    await page.keyboard.press('Control+Enter');
    expect(await answer(page, 'costPerToken')).toContain('"costPerToken": "0.00000013125"');
  });

  it('follows a subscription over its own WebSocket', async () => {
    await replaceQuery(
      page,
      'subscription Prices { offeringChanged(filter: { model: "openai/gpt-oss-120b" }) { kind after { price { input } } } }',
    );
    await run(page);
    await untilSubscribed(recorded.service.url);
    const { data } = structuredClone(recordedExchange('models-list-2026-10-02-with-pricing'))
      .response.body as { data: { readonly id: string; pricing?: Record<string, string> }[] };
    const pricing = data.find(({ id }) => id === 'openai/gpt-oss-120b')?.pricing;
    if (pricing === undefined) throw new Error('The recording has no such price');
    pricing['prompt'] = '0.0000002';
    recorded.groq.reply('/openai/v1/models', json({ object: 'list', data }));
    const shown = await answer(page, 'offeringChanged');
    expect(shown).toContain('"kind": "CHANGED"');
    expect(shown).toContain('"input": "0.0000002"');
    expect(await watched.violations()).toEqual([]);
  });

  it('shows what is wrong with a query, with its code', async () => {
    await replaceQuery(page, 'query TooMany { offerings(first: 101) { totalCount } }');
    await run(page);
    const shown = await answer(page, 'errors');
    expect(shown).toContain('`first` takes 1 to 100.');
    expect(shown).toContain('"code": "BAD_USER_INPUT"');
  });

  it('shows the descriptions of types and fields', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query' }).click();
    await docs.getByText('Every provider of the registry, in its order.').waitFor();
    await docs.getByRole('link', { name: 'OfferingConnection' }).click();
    await docs.getByRole('link', { name: 'Offering', exact: true }).click();
    await docs.getByText('the unit that can be bought').waitFor();
    expect(await docs.innerText()).toContain('The cost-per-token KPI in USD');
  });

  it('shows the description of a field under the pointer', async () => {
    const field = line(editor(page), 'costPerToken').getByText('costPerToken');
    const hover = page.locator('.monaco-hover', { hasText: 'The cost-per-token KPI in USD' });
    // The editor asks once for each move of the pointer, and has nothing to say until it knows the schema.
    await vi.waitFor(
      async () => {
        await editor(page).hover({ position: { x: 1, y: 1 } });
        await field.hover();
        await hover.waitFor({ timeout: 2_000 });
      },
      { timeout: 50_000, interval: 10 },
    );
    expect(await textOf(hover)).toContain('Offering.costPerToken: Decimal');
  });

  it('completes the names of fields', async () => {
    await line(editor(page), 'costPerToken').click();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('compl');
    const suggestions = page.locator('.suggest-widget .monaco-list-row');
    await suggestions.first().waitFor();
    await expect.poll(() => textOf(suggestions.first()), drawn).toContain('complianceFlags');
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(editor(page)), drawn).toContain('complianceFlags');
  });

  it('asks nobody but this service, and nothing is stopped or complained of', async () => {
    await run(page);
    await answer(page, 'pricing');
    for (const panel of ['Documentation Explorer', 'SDL', 'History', 'GraphiQL Explorer']) {
      await page.getByRole('button', { name: `Show ${panel}` }).click();
    }
    await untilQuiet(watched);
    const { origin } = new URL(recorded.service.url);
    const elsewhere = watched.requests.filter((address) => !isWithin(origin, address));
    expect(watched.requests.length).toBeGreaterThan(20);
    expect(elsewhere).toEqual([]);
    expect(await watched.violations()).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
});

/** The editor draws what was typed a frame or more later. */
const drawn = { timeout: 10_000 };

function editor(page: Page): Locator {
  return page.locator('.graphiql-query-editor .view-lines');
}

function line(lines: Locator, text: string): Locator {
  return lines.locator('.view-line', { hasText: text }).first();
}

/** What is to be read, with ordinary blanks where the editor has unbreakable ones. */
async function textOf(locator: Locator): Promise<string> {
  return (await locator.innerText()).replaceAll('\u00A0', ' ');
}

async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Execute query' }).click();
}

/** The visible part of the answer, once it has a line with this text. */
async function answer(page: Page, text: string): Promise<string> {
  const lines = page.locator('.graphiql-response .view-lines');
  await line(lines, text).waitFor();
  return await textOf(lines);
}

/** Puts another query, which has a name, in the place of the one in the editor. */
async function replaceQuery(page: Page, query: string): Promise<void> {
  await editor(page).click();
  await page.keyboard.press('Control+A');
  // Pasted: the editor adds closing brackets to what is typed.
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(query)})`);
  await page.keyboard.press('Control+V');
  // The editor takes note of a change a moment later, and then names the tab after the query.
  const [, name = ''] = /^(?:query|subscription) (\w+)/.exec(query) ?? [];
  await page.getByRole('button', { name, exact: true }).waitFor();
}

/** Waits until the service carries a WebSocket subscription. */
async function untilSubscribed(url: string): Promise<void> {
  await expect
    .poll(async () => await (await fetch(new URL('/metrics', url))).text(), { timeout: 15_000 })
    .toContain('gpubroker_subscriptions_open{transport="websocket"} 1');
}

/** Waits until the page asks for nothing more; `networkidle` does not always come on a busy machine. */
async function untilQuiet({ requests }: WatchedPage): Promise<void> {
  let last = 0;
  const isQuiet = (): boolean => {
    const before = last;
    last = requests.length;
    return before === last;
  };
  await expect.poll(isQuiet, { interval: 500, timeout: 15_000 }).toBe(true);
}

/** Whether an address is the service's own; what a page makes up itself (`data:`, `blob:`) goes nowhere. */
function isWithin(origin: string, address: string): boolean {
  const url = new URL(address);
  return url.protocol === 'data:' || url.origin === origin;
}
