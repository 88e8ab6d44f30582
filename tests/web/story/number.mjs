// The way back to a booking from another device, and what Back does on the way.

import { Citizen } from '../citizen.mjs';
import { expect, reload, same } from '../expect.mjs';
import { LANGUAGES, inspect } from './page.mjs';

/** The number on the page of a booking. @param {Citizen} citizen */
const numberOf = (citizen) => citizen.main.locator('.panel .code').innerText();

/** Goes back as a browser does, and says what it has instead of the page. @param {Citizen} citizen */
async function back({ page }) {
  const gone = await page.goBack({ waitUntil: 'load' }).catch((error) => error);
  return gone instanceof Error ? gone.message : '';
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) =>
  [true, false].map((javaScriptEnabled) => ({
    name: `${language}, ${javaScriptEnabled ? 'with' : 'without'} script: a booking is found by its number on another device, and Back asks nothing`,
    run: async (/** @type {import('../tell.mjs').Stage} */ stage) => {
      const citizen = await Citizen.at(stage, { language, javaScriptEnabled });
      const path = await citizen.book();
      const number = await numberOf(citizen);

      const here = await citizen.elsewhere(stage, { javaScriptEnabled, viewport: { width: 320, height: 640 } });
      here.visitor.secrets.push(number, number.replaceAll(' ', ''));
      const look = async (/** @type {string} */ where) => {
        if (javaScriptEnabled) await inspect(here.visitor, where);
      };
      await here.open('');
      await here.go(here.main.locator('a[href$="/sign-in/number"]').first());
      await look('number');
      // A slip is named, and what was typed stays.
      await here.fill('number', `${number.slice(0, -1)}${number.endsWith('0') ? 1 : 0}`);
      await here.birth();
      await here.submit();
      await here.page.locator('#errors').waitFor();
      await look('number with a slip');
      same(await here.page.locator('#birth-year').inputValue(), here.person.birth_date.slice(0, 4), 'the year that was typed');
      await here.fill('number', number);
      await here.submit();
      await here.isAt(`/${language}/sign-in/code`);
      await look('code');
      // Loading it again sends nothing again.
      await reload(here.page);
      await here.fill('code', (await here.code()) ?? '');
      await here.submit();
      same(await here.booked(), path, 'the booking');
      same(await numberOf(here), number, 'its number');

      // From the booking back to the code: it was a page of its own, and leads on.
      same(await back(here), '', 'Back shows a page');
      await expect(async () => (await here.main.locator('h1').count()) === 1, 'there is a page');
      // The control: an answer to a form is what a browser asks about.
      await here.open('/sign-in/number');
      await here.submit();
      await here.page.locator('#errors').waitFor();
      await here.open('');
      const asked = await back(here);
      const isKept = await here.page.locator('#errors').count().catch(() => 0);
      same(/ERR_CACHE_MISS/.test(asked) || isKept > 0, true, `the answer to a form is asked about, or was kept: ${asked}`);
      return asked ? 'a form is asked about' : 'a form was kept';
    },
  })),
);
