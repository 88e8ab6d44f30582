// Every page that can be opened by its address, in both languages, with and without script.

import { examine } from '../examine.mjs';
import { space, tab } from '../walk.mjs';

export const LANGUAGES = /** @type {const} */ (['ko', 'en']);

/** Pages that ask nothing of anybody. @param {import('../world.mjs').World} _world */
const pages = (_world) => ['/style'];

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  {
    name: `${language}: public pages are sound in light and dark, at 320 px and for axe`,
    async run(stage) {
      const visitor = await stage.visitor({ locale: language });
      for (const path of pages(stage.world)) {
        const answer = await visitor.open(`/${language}${path}`);
        if (answer?.status() !== 200) visitor.found.push(`status: ${answer?.status()} for ${path}`);
        const lang = await visitor.page.locator('html').getAttribute('lang');
        if (lang !== language) visitor.found.push(`language: ${path} is in ${lang}`);
        const found = [...(await examine(visitor)), ...(await tab(visitor)).found, ...(await space(visitor))];
        visitor.found.push(...found.map((fault) => `/${language}${path}: ${fault}`));
      }
    },
  },
]);
