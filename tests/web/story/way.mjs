// The citizen's whole way: landing, sign-in, place, time, check, booked, cancelled, and once more.

import { Citizen } from '../citizen.mjs';
import { examine } from '../examine.mjs';
import { expect, same } from '../expect.mjs';
import { LANGUAGES, inspect } from './page.mjs';

/** Pages between the first and the booking, this one too. */
const SCREENS_MAX = 7;
/** Keys on the way to booked, besides what is typed into fields. */
const KEYS_MAX = 25;

/** @param {Citizen} citizen @param {(where: string) => Promise<void>} [look] */
async function whole(citizen, look = async () => {}) {
  const { visitor } = citizen;
  /** @type {string[]} */
  const keys = [];
  let before = 0;
  const pressed = (/** @type {string} */ where) => {
    keys.push(`${where} ${visitor.keys - before}`);
    before = visitor.keys;
  };
  await citizen.open('');
  await look('landing');
  await citizen.go(citizen.main.locator('a[href*="campaigns"][href$="clinics"]').first());
  if (citizen.page.url().includes('/sign-in')) {
    pressed('landing');
    await look('sign-in');
    await citizen.claim();
    pressed('sign-in');
    await look('code');
    const code = await citizen.code();
    await citizen.fill('code', code ?? '');
    await citizen.submit();
  }
  pressed('code');
  await look('place');
  await citizen.choosePlace();
  pressed('place');
  await look('time');
  await citizen.chooseTime();
  pressed('time');
  await look('check');
  await citizen.submit();
  pressed('check');
  const path = await citizen.booked();
  await look('booked');
  const { length } = visitor.screens;
  return { path, screens: length, keys: `${visitor.keys} keys besides what is typed into fields (${keys.join(', ')})` };
}

/** @param {Citizen} citizen @param {string} path @param {(where: string) => Promise<void>} [look] */
async function cancel(citizen, path, look = async () => {}) {
  await citizen.go(citizen.main.locator(`a[href$="${path}/cancel"]`).first());
  await look('cancel');
  await citizen.submit();
  await look('cancelled');
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  ...[true, false].map((javaScriptEnabled) => ({
    name: `${language}, ${javaScriptEnabled ? 'with' : 'without'} script: from the landing page to booked, cancelled, and booked again`,
    run: async (/** @type {import('../tell.mjs').Stage} */ stage) => {
      const citizen = await Citizen.at(stage, { language, javaScriptEnabled, viewport: { width: 320, height: 640 } });
      const look = async (/** @type {string} */ where) => {
        if (javaScriptEnabled) return inspect(citizen.visitor, where);
        citizen.visitor.found.push(...(await examine(citizen.visitor)).map((fault) => `${where}: ${fault}`));
      };
      const { path, screens } = await whole(citizen, look);
      if (screens > SCREENS_MAX) citizen.visitor.found.push(`way: ${screens} screens from start to booked`);
      await cancel(citizen, path, look);
      await citizen.open('');
      const again = await citizen.book();
      same(again === path, false, 'another booking');
      return `${screens} screens`;
    },
  })),
  {
    name: `${language}: booked by keyboard alone`,
    async run(stage) {
      const citizen = await Citizen.at(stage, { language, byKeyboard: true, viewport: { width: 1024, height: 768 } });
      const { screens, keys } = await whole(citizen);
      if (citizen.visitor.keys > KEYS_MAX) citizen.visitor.found.push(`keys: ${keys}`);
      return `${screens} screens, ${keys}`;
    },
  },
  ...[true, false].map((javaScriptEnabled) => ({
    name: `${language}, ${javaScriptEnabled ? 'with' : 'without'} script: after signing out, Back shows nothing personal`,
    run: async (/** @type {import('../tell.mjs').Stage} */ stage) => {
      const citizen = await Citizen.at(stage, { language, javaScriptEnabled });
      const { page } = citizen;
      await citizen.open('/sign-in');
      await citizen.signIn();
      await citizen.isAt(`/${language}/me`);
      const greeting = await citizen.main.locator('h1 + p').innerText();
      const isPersonal = () => page.getByText(greeting).isVisible();
      same(await isPersonal(), true, 'the page before says who it is');
      await citizen.open('/sign-out');
      const FORGET = '**/sign-out/forget';
      if (javaScriptEnabled) {
        // The script is enough where a browser does not know how to forget what it keeps.
        await page.route(FORGET, (route) => route.fulfill({ status: 204, headers: { 'cache-control': 'no-store' } }));
        await citizen.submit();
      } else {
        const forgotten = page.waitForResponse(FORGET);
        await citizen.submit();
        await (await forgotten).finished();
      }
      // The page of signing out, and the one before: the browser may still have it as it was.
      for (let n = 1; n <= 2; n += 1) {
        await citizen.back();
        await expect(async () => !(await isPersonal()), `Back ${n} times shows nobody`, () => page.url());
      }
      await citizen.isAt(`/${language}/sign-in`);
    },
  })),
]);
