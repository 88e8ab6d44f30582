// A press that is safe: whoever is booked sees the booking, whatever they press, and never an error.

import { Citizen } from '../citizen.mjs';
import { expect, same } from '../expect.mjs';

/** @param {Citizen} citizen */
const press = (citizen) => citizen.main.locator('form button').first();

/** @type {{ what: string, needsScript?: boolean, run: (citizen: Citizen, stage: import('../tell.mjs').Stage) => Promise<void> }[]} */
const WAYS = [
  {
    what: 'a double click is one booking',
    async run(citizen) {
      await citizen.decide();
      const posts = counted(citizen);
      await press(citizen).dblclick();
      await citizen.booked();
      if (!citizen.visitor.hasScript) same(posts(), 2, 'without script both presses are sent');
    },
  },
  {
    what: 'Back and another press is the same booking',
    async run(citizen) {
      const path = await citizen.book();
      await citizen.page.goBack();
      // The page is not kept: it comes from the server, which knows better or makes a new id.
      if (await press(citizen).isVisible()) await citizen.submit();
      same(await citizen.booked(), path, 'the booking');
    },
  },
  {
    what: 'a reload sends nothing again',
    async run(citizen) {
      const path = await citizen.book();
      const posts = counted(citizen);
      await citizen.page.reload();
      same(await citizen.booked(), path, 'the booking');
      same(posts(), 0, 'POSTs');
    },
  },
  {
    what: 'an answer that was lost is found by another press',
    async run(citizen) {
      await citizen.decide();
      const { page } = citizen;
      let isLost = false;
      await page.route('**/check**', async (route) => {
        if (isLost || route.request().method() !== 'POST') return route.fallback();
        isLost = true;
        await route.fetch({ maxRedirects: 0 });
        await route.abort('connectionreset');
      });
      await press(citizen).click({ noWaitAfter: true });
      await expect(() => isLost, 'the answer is lost');
      await page.waitForURL(/chrome-error:|check/);
      await page.goBack();
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
