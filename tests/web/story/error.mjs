// What was typed wrongly stays, is named, and says how to mend it.

import { Citizen } from '../citizen.mjs';
import { examine } from '../examine.mjs';
import { expect, same } from '../expect.mjs';
import { LANGUAGES } from './page.mjs';

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  {
    name: `${language}: the summary of errors takes the focus, and leads to the field`,
    async run(stage) {
      const citizen = await Citizen.at(stage, { language });
      const { page, visitor } = citizen;
      await citizen.open('/sign-in');
      await citizen.fill('name', citizen.person.name);
      await citizen.fill('birth-year', '64');
      await citizen.submit();
      await expect(() => page.evaluate(() => document.activeElement?.id === 'errors'), 'the summary has the focus');
      const title = await page.title();
      same(title.startsWith(language === 'ko' ? '오류: ' : 'Error: '), true, `the title says so: ${title}`);
      same(await page.locator('#name').inputValue(), citizen.person.name, 'what was typed');
      same(await page.locator('#birth-year').inputValue(), '64', 'what was typed wrongly');
      visitor.found.push(...(await examine(visitor)));
      const links = citizen.main.locator('#errors a');
      same((await links.count()) >= 2, true, 'birth date and phone are to be mended');
      for (const link of await links.all()) {
        const id = (await link.getAttribute('href'))?.slice(1);
        await link.click();
        await expect(() => page.evaluate((wanted) => document.activeElement?.id === wanted, id), `#${id} has the focus`);
        const beside = await page.locator(`[aria-describedby~="${id}-error"]`).count();
        const group = await page.locator('fieldset[aria-describedby$="-error"]').count();
        same(beside + group > 0, true, `#${id} is described by its error`);
      }
    },
  },
  {
    name: `${language}: without script the summary stands first, and everything typed is kept`,
    async run(stage) {
      const citizen = await Citizen.at(stage, { language, javaScriptEnabled: false });
      await citizen.open('/sign-in');
      await citizen.fill('phone', '12');
      await citizen.submit();
      same(await citizen.main.locator('> :first-child').getAttribute('id'), 'errors', 'first in the page');
      same(await citizen.page.locator('#phone').inputValue(), '12', 'what was typed');
    },
  },
  {
    name: `${language}: who is not in the register sees what all others see`,
    async run(stage) {
      const known = await Citizen.at(stage, { language });
      const person = { ...known.person, name: language === 'ko' ? '없는사람' : 'Nobody There' };
      const unknown = await Citizen.at(stage, { language, person });
      const texts = [];
      for (const citizen of [known, unknown]) {
        await citizen.open('/sign-in');
        await citizen.claim();
        texts.push((await citizen.main.innerText()).replaceAll(/\d+:\d+/g, ''));
      }
      same(texts[1], texts[0], 'the page after asking for a code');
      same(await unknown.code(), undefined, 'no code is sent');
      for (const citizen of [known, unknown]) {
        await citizen.fill('code', '000 000');
        await citizen.submit();
        citizen.visitor.found.push(...(await examine(citizen.visitor)));
      }
      const [right, left] = [await known.main.innerText(), await unknown.main.innerText()];
      same(left.replaceAll(/\d+:\d+/g, ''), right.replaceAll(/\d+:\d+/g, ''), 'the page after a wrong code');
      const code = await known.code();
      await known.fill('code', `${code?.slice(0, 3)} ${code?.slice(3)}`);
      await known.submit();
      await known.isAt(`/${language}/me`);
    },
  },
]);
