// A press that is safe: whoever is booked sees the booking, whatever they press, and never an error.

import { Citizen } from '../citizen.mjs';
import { expect, reload, same } from '../expect.mjs';

const SLOW = { offline: false, latency: 1_500, downloadThroughput: -1, uploadThroughput: -1 };

/** @param {Citizen} citizen */
const press = (citizen) => citizen.main.locator('form button').first();

/** The press reaches the server, and the answer gets lost. @param {Citizen} citizen */
async function lose(citizen) {
  await citizen.decide();
  const { page, visitor } = citizen;
  let posts = 0;
  await page.route('**/check**', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    posts += 1;
    if (posts > 1) return route.fallback();
    await route.fetch({ maxRedirects: 0 });
    await route.abort('connectionreset');
  });
  await press(citizen).click({ noWaitAfter: true });
  await expect(() => page.url().startsWith('chrome-error:'), 'the browser has no answer', () => page.url());
  visitor.found = visitor.found.filter((fault) => !fault.includes('net::ERR_'));
}

/** @type {{ what: string, run: (citizen: Citizen, stage: import('../tell.mjs').Stage) => Promise<void> }[]} */
const WAYS = [
  {
    what: 'a double click is one booking',
    async run(citizen) {
      await citizen.decide();
      await press(citizen).dblclick();
      await citizen.booked();
    },
  },
  {
    what: 'a second press while the first is on its way is the same booking',
    async run(citizen) {
      await citizen.decide();
      const { page, visitor } = citizen;
      const posts = counted(citizen);
      await press(citizen).scrollIntoViewIfNeeded();
      const box = await press(citizen).boundingBox();
      const click = () => page.mouse.click((box?.x ?? 0) + 20, (box?.y ?? 0) + 20);
      // So slow that the answer to the first finds the second sent.
      await visitor.wire?.send('Network.emulateNetworkConditions', SLOW);
      await click();
      await expect(() => posts() === 1, 'the first press is sent');
      await click();
      await citizen.booked();
      // With script the second is not even sent.
      if (!visitor.hasScript) same(posts(), 2, 'presses that were sent');
    },
  },
  {
    what: 'Back and another press is the same booking',
    async run(citizen) {
      const path = await citizen.book();
      await citizen.back();
      if (await press(citizen).isVisible()) await citizen.submit();
      same(await citizen.booked(), path, 'the booking');
    },
  },
  {
    what: 'a reload sends nothing again',
    async run(citizen) {
      const path = await citizen.book();
      const posts = counted(citizen);
      await reload(citizen.page);
      same(await citizen.booked(), path, 'the booking');
      same(posts(), 0, 'POSTs');
    },
  },
  {
    what: 'an answer that was lost is found by loading the page again',
    async run(citizen) {
      await lose(citizen);
      // The browser sends the form once more: the same booking, by its id.
      await reload(citizen.page, 'commit');
      await citizen.booked();
    },
  },
  {
    what: 'an answer that was lost is found by going back and choosing again',
    async run(citizen) {
      await lose(citizen);
      await citizen.back();
      if (!citizen.page.url().includes('/check')) await citizen.chooseTime();
      if (await press(citizen).isVisible()) await citizen.submit();
      await citizen.booked();
    },
  },
  {
    what: 'another device has the same booking',
    async run(citizen, stage) {
      const here = await citizen.elsewhere(stage);
      await here.decide();
      const path = await citizen.book();
      await here.submit();
      same(await here.booked(), path, 'the booking');
    },
  },
];

/** POSTs from now on. @param {Citizen} citizen */
function counted({ page }) {
  let posts = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST') posts += 1;
  });
  return () => posts;
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = [true, false].flatMap((javaScriptEnabled) =>
  WAYS.map(({ what, run }) => ({
    name: `${javaScriptEnabled ? 'with' : 'without'} script: ${what}`,
    run: async (/** @type {import('../tell.mjs').Stage} */ stage) => run(await Citizen.at(stage, { language: 'ko', javaScriptEnabled }), stage),
  })),
);
