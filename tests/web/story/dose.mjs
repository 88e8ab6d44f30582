// Doses above the clinic: received, moved down, up and across, taken back, written off, split by each
// rule, and what is left over at the end of a day.

import { expect, same } from '../expect.mjs';
import { Office, day } from '../office.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */

/** A spreadsheet would run it. */
const FORMULA = '=HYPERLINK("http://example.org")';

/** The doses of a pool. @param {Office} office @param {string} pool */
async function open(office, pool) {
  await office.open(pool);
  return office.figure(0);
}

/** Does something with a pool. @param {Office} office @param {string} pool @param {string} press @param {Record<string, string>} fields @param {Record<string, string>} [chosen] */
async function act(office, pool, press, fields, chosen = {}) {
  await office.open(`${pool}/${press}`);
  await office.fill(fields);
  await office.choose(chosen);
  await office.press(`${pool}/${press}`);
  await office.isAt(pool);
}

/** The pools below another. @param {Office} office @param {string} nation @returns {Promise<string[]>} ids */
async function below(office, nation) {
  await office.open(`${nation}/transfer`);
  return office.main.locator('select option').evaluateAll((all) => all.map((it) => /** @type {HTMLOptionElement} */ (it).value));
}

/** @param {Stage} stage @param {'ko' | 'en'} language */
async function move(stage, language) {
  const service = stage.world.office[language];
  const office = await Office.at(stage, language);
  const nation = `/admin/pools/${service.nation}`;
  const had = await open(office, nation);
  await act(office, nation, 'receive', { doses: '1,000', reason: 'Delivery of Monday' });
  same(await office.figure(0), had + 1000, 'after a delivery');
  await office.look('a pool with lines');

  const [north = '', south = ''] = await below(office, nation);
  const [up, across] = [`/admin/pools/${north}`, `/admin/pools/${south}`];
  const [first, second] = [await open(office, up), await open(office, across)];
  await act(office, nation, 'transfer', { doses: '300', reason: 'For the north' }, { to_pool_id: north });
  await act(office, up, 'transfer', { doses: '100', reason: 'Too many' }, { to_pool_id: String(service.nation) });
  await act(office, up, 'transfer', { doses: '50', reason: 'The south has none' }, { to_pool_id: south });
  same([await open(office, nation), await open(office, up), await open(office, across)], [had + 800, first + 150, second + 50], 'down, up and across');

  // A part of a vial moves nowhere, and what was typed stays.
  await office.open(`${nation}/transfer`);
  await office.fill({ doses: '15', reason: 'Half a vial' });
  await office.press(`${nation}/transfer`);
  await office.refuses(['doses']);
  same(await office.page.locator('#reason').inputValue(), 'Half a vial', 'what was typed');
  await office.look('a transfer that cannot be');

  // A delivery that was typed twice is taken back with its reason; the line stays.
  await act(office, nation, 'receive', { doses: '500', reason: 'Typed twice' });
  await office.go(office.main.locator('a[href*="/lines/"]').first());
  await office.look('a line to take back');
  const line = office.path();
  await office.press(line);
  await office.refuses(['reason']);
  await office.fill({ reason: 'It came once' });
  await office.press(line);
  await office.isAt(nation);
  await office.says('It came once');
  await office.says('Typed twice');
  same(await office.figure(0), had + 800, 'after the correction');
  await act(office, nation, 'lose', { doses: '20', reason: 'The fridge failed' });
  same([await office.figure(0), await office.figure(3)], [had + 780, 20], 'after waste');
  return `${office.visitor.screens.length} screens`;
}

/** Shows what the rule gives. @param {Office} office @param {string} split @param {Record<string, string>} rule @param {string} doses */
async function preview(office, split, rule, doses) {
  await office.open(split);
  await office.choose(rule);
  await office.fill({ doses, from_date: day(1), to_date: day(4) });
  await office.press(split);
  same(await office.figure(0), Number(doses), `doses by ${JSON.stringify(rule)}`);
}

/** @param {Stage} stage @param {'ko' | 'en'} language */
async function split(stage, language) {
  const service = stage.world.office[language];
  const office = await Office.at(stage, language);
  const pool = `/admin/pools/${service.nation}`;
  await act(office, pool, 'receive', { doses: '400', reason: 'For the split' });
  const had = await office.figure(0);
  for (const over of ['regions', 'clinics']) {
    for (const by of ['population', 'capacity', 'equal']) {
      await preview(office, `${pool}/split`, { over, by }, '120');
      if (by === 'capacity') await office.look(`a split over ${over}`);
    }
  }
  same(await open(office, pool), had, 'a preview moves nothing');

  // As a file: it moves nothing either, until it is loaded.
  await preview(office, `${pool}/split`, { over: 'clinics', by: 'equal' }, '120');
  const file = await office.download(office.main.locator('button[name=file]'));
  const rows = file.trim().split(/\r?\n/).slice(1);
  same(rows.reduce((sum, row) => sum + Number(row.split(',')[4]), 0), 120, 'doses in the file');
  await preview(office, `${pool}/split`, { over: 'clinics', by: 'equal' }, '120');
  await office.press(`${pool}/split`, 'carry_out');
  await office.refuses(['reason']);
  await office.fill({ reason: 'The night before' });
  await office.press(`${pool}/split`, 'carry_out');
  await office.isAt(pool);
  same(await office.figure(0), had - 120, 'the split is done');

  await preview(office, `${pool}/split`, { over: 'regions', by: 'population' }, '60');
  await office.fill({ reason: 'By heads' });
  await office.press(`${pool}/split`, 'carry_out');
  same(await open(office, pool), had - 180, 'to the regions');
  await office.send('allocations', file, 'split.csv');
  await office.look('allocations of a split, tried');
  await office.open('/admin/supply');
  await office.look('supply');
  const pictures = await office.main.locator('svg.plot, svg.map').count();
  const tables = await office.main.locator('table:has(caption):has(thead th[scope=col]):has(tbody th[scope=row])').count();
  same([pictures, tables], [2, 3], 'the burn-down and the map, and a table for each and for the bars');
  await office.open('/admin/pools');
  await office.look('pools');
  return `${rows.length} lines`;
}

/** @param {Stage} stage @param {'ko' | 'en'} language */
async function journal(stage, language) {
  const service = stage.world.office[language];
  const office = await Office.at(stage, language, { username: service.second });
  const receive = `/admin/pools/${service.nation}/receive`;
  await office.open(receive);
  await office.fill({ doses: '10', reason: FORMULA });
  await office.press(receive);
  await office.open('/admin/journal');
  await office.fill({ user: 'nobody' });
  await office.press('/admin/journal');
  await office.refuses(['user']);
  await office.look('a journal of nobody');
  await office.fill({ user: service.second });
  await office.choose({ kind: '20' });
  await office.press('/admin/journal');
  same(await office.main.locator('tbody tr').count(), 1, 'lines that fit');
  await office.look('the journal, filtered');
  const links = office.main.locator('a[download]');
  const csv = await office.download(links.first());
  same([csv.startsWith('\ufeff'), csv.trim().split('\r\n').length, csv.includes("\"'=HYPERLINK")], [true, 2, true], `no cell is a formula: ${csv}`);
  const lines = (await office.download(links.nth(1))).trim().split('\n');
  same([lines.length, JSON.parse(lines[0] ?? '{}').reason], [1, FORMULA], 'the same as it was typed');
  await expect(async () => (await office.main.locator('tbody tr').count()) === 1, 'the page stays');
}

/** What the last clinic's day leaves goes where the campaign says. @param {Stage} stage @param {'ko' | 'en'} language */
async function leftOver(stage, language) {
  const { campaign_id, clinics } = stage.world.office[language];
  const office = await Office.at(stage, language);
  const settings = `/admin/campaigns/${campaign_id}/settings`;
  await office.open(settings);
  await office.choose({ left_over: 'next_day' });
  await office.press(settings);
  await office.open(settings);
  same(await office.main.locator('input[name=left_over]:checked').getAttribute('value'), 'next_day', 'the policy');
  const close = `/clinic/${clinics[3]}/close`;
  await office.open(close);
  const fields = office.main.locator('input[name^=unopened-]');
  same(await fields.count(), 1, 'doses of the day');
  await fields.first().fill('10');
  await office.press(close);
  const numbers = await office.main.locator('.panel dd').allInnerTexts();
  same(numbers, ['20', '0', '0', '10', '10'], 'doses of the day, given, back to the pool, kept for the next day, lost');
  await office.open(`/admin/journal?clinic=C4`);
  await office.look('the journal of a clinic');
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  {
    name: `${language}: doses are received, moved, taken back, written off and split, and the journal has it all`,
    // One after the other: they share the pool of the nation.
    run: async (stage) => {
      const moved = await move(stage, language);
      await journal(stage, language);
      return `${moved}, ${await split(stage, language)}`;
    },
  },
  { name: `${language}: what a day leaves goes where the campaign says`, run: (stage) => leftOver(stage, language) },
]);
