// Every page that can be opened by its address, in both languages and in every state of a round.

import { Citizen } from '../citizen.mjs';
import { examine } from '../examine.mjs';
import { same } from '../expect.mjs';
import { space, tab } from '../walk.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */

export const LANGUAGES = /** @type {const} */ (['ko', 'en']);

/** Pages that ask nothing of anybody, with the status that they have. @param {number} campaign @returns {[string, number][]} */
const pages = (campaign) => [
  ['', 200],
  ['/style', 200],
  [`/campaigns/${campaign}`, 200],
  [`/campaigns/${campaign}/eligibility`, 200],
  ['/sign-in', 200],
  ['/sign-in/staff', 200],
  ['/sign-out/staff', 200],
  ['/invitation', 200],
  ['/campaigns/999999', 404],
  ['/nothing-is-here', 404],
];

/**
 * Looks at the page that is open in every way there is.
 * @param {import('../visitor.mjs').Visitor} visitor
 * @param {string} where
 */
export async function inspect(visitor, where) {
  const found = [...(await examine(visitor)), ...(await tab(visitor)).found, ...(await space(visitor))];
  visitor.found.push(...found.map((fault) => `${where}: ${fault}`));
}

/** @param {import('../visitor.mjs').Visitor} visitor @param {string} path after the language @param {number} status @param {string} language */
async function openAndInspect(visitor, path, status, language) {
  const where = `/${language}${path}`;
  const answer = await visitor.open(where);
  if (answer?.status() !== status) visitor.found.push(`status: ${answer?.status()} for ${where}`);
  const lang = await visitor.page.locator('html').getAttribute('lang');
  if (lang !== language) visitor.found.push(`language: ${where} is in ${lang}`);
  await inspect(visitor, where);
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  {
    name: `${language}: public pages are sound in light and dark, at 320 px, by keyboard and for axe`,
    async run(stage) {
      const visitor = await stage.visitor({ locale: language });
      for (const [path, status] of pages(stage.world.open.campaign_id)) {
        await openAndInspect(visitor, path, status, language);
      }
    },
  },
  ...(/** @type {const} */ (['before', 'paused', 'empty'])).map((state) => ({
    name: `${language}: the public pages of a round that is ${state} are sound`,
    run: async (/** @type {Stage} */ stage) => {
      const { url, campaign_id } = stage.world[state];
      const visitor = await stage.visitor({ address: url, locale: language });
      for (const path of ['', `/campaigns/${campaign_id}`]) await openAndInspect(visitor, path, 200, language);
    },
  })),
  {
    name: `${language}: "Can I book?" answers everybody, and its answers are sound`,
    async run(stage) {
      const { campaign_id, people, others } = stage.world.open;
      const answers = [];
      for (const person of [people[0], others[0]]) {
        const citizen = await Citizen.at(stage, { language, person });
        await citizen.open(`/campaigns/${campaign_id}/eligibility`);
        await citizen.birth();
        await citizen.submit();
        answers.push(await citizen.page.locator('h1').innerText());
        await inspect(citizen.visitor, 'the answer');
        await citizen.fill('birth-year', '19');
        await citizen.submit();
        await citizen.page.locator('#errors').waitFor();
        await inspect(citizen.visitor, 'the answer to what is no date');
      }
      same(answers[0] === answers[1], false, `the answers are ${answers}`);
    },
  },
  {
    name: `${language}: the pages of somebody who has signed in are sound`,
    async run(stage) {
      const citizen = await Citizen.at(stage, { language });
      await citizen.open('/sign-in');
      await citizen.claim();
      await inspect(citizen.visitor, 'code');
      await citizen.fill('code', (await citizen.code()) ?? '');
      await citizen.submit();
      await citizen.isAt(`/${language}/me`);
      await inspect(citizen.visitor, 'me');
      await citizen.open('/sign-out');
      await inspect(citizen.visitor, 'sign-out');
    },
  },
]);
