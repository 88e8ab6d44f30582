// What must be seen on paper, and in the colours that a system forces upon a page.

import { Citizen } from '../citizen.mjs';
import { same } from '../expect.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Of what matches, what is not seen. @param {Page} page @param {string[]} selectors @returns {Promise<string[]>} */
export const unseen = (page, selectors) =>
  page.evaluate(
    (all) =>
      all.filter((what) => {
        const it = document.querySelector(what);
        const { width = 0, height = 0 } = it?.getBoundingClientRect() ?? {};
        return !it?.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || width < 2 || height < 2;
      }),
    selectors,
  );

/** Of what matches, what has no edge of its own. @param {Page} page @param {string[]} selectors @returns {Promise<string[]>} */
export const edgeless = (page, selectors) =>
  page.evaluate(
    (all) =>
      all.filter((what) => {
        const it = document.querySelector(what);
        if (!it) return true;
        const { borderTopWidth, borderLeftWidth, borderTopColor, borderLeftColor } = getComputedStyle(it);
        const isSeen = (/** @type {string} */ width, /** @type {string} */ colour) => Number.parseFloat(width) > 0 && !/^rgba\(.*, 0\)$|transparent/.test(colour);
        return !isSeen(borderTopWidth, borderTopColor) && !isSeen(borderLeftWidth, borderLeftColor);
      }),
    selectors,
  );

/** What drawings have in the colour of the page, where nobody sees it. @param {Page} page @returns {Promise<string[]>} */
const drawn = (page) =>
  page.evaluate(() => {
    /** @type {string[]} */
    const found = [];
    for (const it of document.querySelectorAll('svg.map circle, svg.map:not(.pins) text, svg .scale, svg.map path, svg.bar path')) {
      const { fill, stroke } = getComputedStyle(it);
      const paper = getComputedStyle(/** @type {Element} */ (it.closest('svg'))).backgroundColor;
      const isDrawn = [fill, stroke].some((colour) => colour !== 'none' && colour !== paper);
      // A ring is a dot with a hole.
      if (!isDrawn && !it.matches('.hole')) found.push(`drawing: ${it.outerHTML.slice(0, 60)} on ${paper}`);
    }
    for (const it of document.querySelectorAll('svg.pins circle')) {
      const number = it.nextElementSibling;
      if (number && getComputedStyle(number).fill === getComputedStyle(it).fill) found.push(`drawing: ${number.outerHTML.slice(0, 60)} on its disc`);
    }
    return found;
  });

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  {
    name: `${language}: in forced colours every button, field, state and drawing is seen`,
    async run(stage) {
      const citizen = await Citizen.at(stage, { language });
      const { page, visitor } = citizen;
      /** @param {string} where @param {string[]} edges @param {string[]} [seen] */
      const look = async (where, edges, seen = []) => {
        for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
          await page.emulateMedia({ forcedColors: 'active', colorScheme });
          const found = [...(await edgeless(page, edges)), ...(await unseen(page, [...seen, ...edges])), ...(await drawn(page))];
          visitor.found.push(...found.map((what) => `forced colours, ${colorScheme}, ${where}: ${what}`));
        }
        // The control: without its edge a button is text.
        const [first = ''] = edges;
        const without = await page.evaluate((what) => {
          const it = /** @type {HTMLElement} */ (document.querySelector(what));
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`${what}{border:0!important}`);
          document.adoptedStyleSheets = [sheet];
          return it.matches(what);
        }, first);
        same([without, (await edgeless(page, [first])).length], [true, 1], `${where} without the edge of ${first}`);
        await page.evaluate(() => {
          document.adoptedStyleSheets = [];
        });
        await page.emulateMedia({ forcedColors: null, colorScheme: null });
      };
      await citizen.open('');
      await look('landing', ['.acts .button', '.card', '.tag'], ['.big', '.helpline a']);
      await citizen.open('/style');
      await look('style', ['.acts .button', '.button.quiet', '.button.harm', 'input[type=text]', 'select', '.summary', '.note', '.note.warn', '.panel', '.tag.bad'], ['.mark', 'svg.map', 'svg.bar']);
      // Where several clinics are listed, they are on a map.
      await citizen.open(`/campaigns/${stage.world.open.campaign_id}/clinics?near=37.57,126.98`);
      await look('place', ['.card', '.picks a'], ['svg.pins', '.pin']);
      await citizen.begin();
      await citizen.choosePlace();
      await look('time', ['.picks a'], ['.big']);
      await citizen.chooseTime();
      await citizen.submit();
      await citizen.booked();
      await look('booked', ['.panel', '.acts .button'], ['.panel .code', '.qr', 'dl.rows dd']);
    },
  },
  {
    name: `${language}: on paper a booking has its number, code, place and time, and no buttons`,
    async run(stage) {
      const citizen = await Citizen.at(stage, { language, colorScheme: 'dark' });
      const { page, visitor } = citizen;
      await citizen.book();
      const there = ['.panel .code', '.panel .qr', 'dl.rows dd', '.official', '.helpline'];
      const away = ['.button', 'nav', '.skip', '.noprint'];
      same(await unseen(page, away), [], 'the control: on the screen all of it is there');
      await page.emulateMedia({ media: 'print' });
      const missing = await unseen(page, there);
      if (missing.length) visitor.found.push(`paper: ${missing} is missing`);
      const left = (await unseen(page, away)).sort();
      same(left, [...away].sort(), 'what is not on paper');
      const [ink, paper] = await page.evaluate(() => {
        const { color, backgroundColor } = getComputedStyle(document.body);
        return [color, backgroundColor];
      });
      same([ink, paper], ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'], 'ink and paper');
      const pdf = await page.pdf({ format: 'A4' });
      const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      same(pages <= 2 && pages > 0, true, `${pages} sheets of paper`);
      return `${pages} sheets`;
    },
  },
]);
