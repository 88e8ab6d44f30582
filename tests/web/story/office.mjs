// Pages of administrators: each of them looked at, without script too; and two who work at once.

import { same } from '../expect.mjs';
import { Office, day } from '../office.mjs';
import { pages } from '../office_page.mjs';
import { forced, wide } from '../screen.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */
/** @typedef {import('../tell.mjs').Story} Story */

const PARTS = ['campaigns', 'doses', 'places'];

/** Opens all of them. @param {Stage} stage @param {'ko' | 'en'} language @param {string} part @param {boolean} javaScriptEnabled */
async function sound(stage, language, part, javaScriptEnabled) {
  const office = await Office.at(stage, language, { javaScriptEnabled });
  const paths = pages(stage.world.office[language], day(1))[part] ?? [];
  for (const path of paths) {
    const answer = await office.open(path);
    if (answer?.status() !== 200) office.visitor.found.push(`status: ${answer?.status()} for ${path}`);
    await office.look(path);
  }
  return `${paths.length} pages`;
}

/** The second one sees what the first one did, keeps what was typed, and a further press means it. @param {Stage} stage @param {'ko' | 'en'} language */
async function atOnce(stage, language) {
  const { campaign_id, clinics, people, second } = stage.world.office[language];
  const [first, other] = [await Office.at(stage, language), await Office.at(stage, language, { username: second })];
  const person = `/admin/persons/${people[21]?.person_id}/correct`;
  /** @type {[string, Record<string, string>, Record<string, string>, string][]} */
  const forms = [
    [`/admin/campaigns/${campaign_id}/settings`, { name_en: 'Named by the first' }, { name_en: 'Named by the second' }, 'Named by the first'],
    [`/admin/clinics/${clinics[2]}/correct`, { address: '1 First Street' }, { address: '2 Second Street' }, '1 First Street'],
    [person, { name: 'First Name', reason: 'x' }, { name: 'Second Name', reason: 'y' }, 'First Name'],
  ];
  for (const [path, one, two, seen] of forms) {
    await first.open(path);
    await other.open(path);
    await first.fill(one);
    await first.press(path);
    await other.fill(two);
    await other.press(path);
    await other.isAt(path);
    await other.says(seen);
    for (const [id, typed] of Object.entries(two)) same(await other.page.locator(`#${id}`).inputValue(), typed, `${path} keeps ${id}`);
    await other.look(`${path} that another one has changed`);
    await other.press(path);
    same(other.path() === path, false, `${path}: the further press is meant`);
  }
}

/** The checks of this file see what they are for. @param {Stage} stage */
async function control(stage) {
  const { page, visitor } = await Office.at(stage, 'en');
  same([await wide(visitor), await forced(visitor)], [[], []], 'the page is sound');
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.button,.tag{border:0!important}h1{width:3000px}');
    document.adoptedStyleSheets = [sheet];
  });
  same((await wide(visitor)).length, 3, 'too wide on every screen');
  same((await forced(visitor)).length > 0, true, 'buttons without an edge');
}

/** @type {Story[]} */
export const stories = [
  { name: 'control: an administrator\'s page that is too wide, or loses its edges, is found', run: control },
  ...LANGUAGES.flatMap((language) => [
    ...PARTS.flatMap((part) =>
      [true, false].map((hasScript) => ({
        name: `${language}, ${hasScript ? 'with' : 'without'} script: administrators' pages of ${part} are sound`,
        run: (/** @type {Stage} */ stage) => sound(stage, language, part, hasScript),
      })),
    ),
    { name: `${language}: two administrators at once`, run: (/** @type {Stage} */ stage) => atOnce(stage, language) },
  ]),
];
