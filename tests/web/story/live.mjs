// Numbers renew by themselves, stop when asked, and go by the server's clock.

import { Citizen } from '../citizen.mjs';
import { expect, same } from '../expect.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('playwright-core').Page} Page */

const HOUR = 3_600_000;
const PAUSED = /^(live|console: .* 503)/;

/** Requests for the document that renews the page. @param {Page} page */
async function polls(page) {
  const path = await page.locator('[data-live]').first().getAttribute('data-live');
  let count = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === path) count += 1;
  });
  return { path: path ?? '', count: () => count };
}

/** @param {Page} page */
const numbers = (page) => page.locator('[data-key]').allInnerTexts();

/** Time passes for the page alone, until this holds. @param {Page} page @param {() => boolean | Promise<boolean>} holds @param {string} what */
async function passing(page, holds, what) {
  await expect(
    async () => {
      await page.clock.runFor(1_000);
      return holds();
    },
    what,
  );
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = [
  {
    name: 'the numbers of the landing page renew by themselves, and stop when asked',
    async run(stage) {
      const watcher = await Citizen.at(stage, { language: 'ko' });
      const { page } = watcher;
      await page.clock.install();
      await watcher.open('');
      const { count } = await polls(page);
      const before = await numbers(page);
      same(before.length > 0, true, 'there are numbers that renew');

      const other = await Citizen.at(stage, { language: 'ko' });
      await other.book();
      await passing(page, async () => String(await numbers(page)) !== String(before), 'a booking is seen without a reload');

      const stop = page.locator('[data-stop]').first();
      const label = await stop.innerText();
      await stop.click();
      same((await stop.innerText()) !== label, true, 'the button says what it does next');
      const then = count();
      await page.clock.runFor(5 * 60_000);
      same(count(), then, 'looks after it was stopped');
      await stop.click();
      await passing(page, () => count() > then, 'it looks again when asked to');
    },
  },
  {
    name: 'a server that asks for time gets it',
    async run(stage) {
      const watcher = await Citizen.at(stage, { language: 'en' });
      const { page, visitor } = watcher;
      await page.clock.install();
      await watcher.open('');
      const { path, count } = await polls(page);
      let isTired = true;
      await page.route(`**${path}`, async (route) => {
        if (!isTired) return route.fallback();
        await route.fulfill({ status: 503, headers: { 'retry-after': '300', 'cache-control': 'no-store' } });
      });
      await passing(page, () => count() > 0, 'it looks');
      const then = count();
      await page.clock.runFor(290_000);
      same(count(), then, 'looks within the time that was asked for');
      isTired = false;
      await passing(page, () => count() > then, 'it looks again afterwards');
      visitor.found = visitor.found.filter((fault) => !PAUSED.test(fault) && !fault.startsWith('status: 503'));
    },
  },
  ...LANGUAGES.flatMap((language) =>
    [-3 * HOUR, 5 * HOUR].map((wrong) => ({
      name: `${language}: the countdown follows the server's clock where the browser's is ${wrong / HOUR} hours off`,
      run: async (/** @type {import('../tell.mjs').Stage} */ stage) => {
        const { before } = stage.world;
        const citizen = await Citizen.at(stage, { language, service: before });
        const { page } = citizen;
        await page.clock.install({ time: Date.now() + wrong });
        await citizen.open('');
        const until = page.locator('[data-until]').first();
        const text = () => until.innerText();
        await passing(page, async () => /5\d ?(분|minutes)|1 ?(시간|hour)\b/.test(await text()), 'it opens in an hour');

        // The server's clock goes on: half a minute before the opening, and past it.
        const path = await page.locator('[data-live]').first().getAttribute('data-live');
        const opens = Date.parse((await until.getAttribute('data-until')) ?? '');
        let now = opens - 30_000;
        await page.route(`**${path}`, async (route) => {
          const answer = await route.fetch();
          const headers = { ...answer.headers(), date: new Date(now).toUTCString() };
          await route.fulfill({ response: answer, headers });
        });
        await passing(page, async () => /(^|\D)([12]?\d|30) ?(초|second)/.test(await text()), 'it counts seconds');
        now = opens + 60_000;
        const over = await until.getAttribute('data-over');
        await passing(page, async () => (await text()) === over, 'it says that booking is open');
      },
    })),
  ),
];
