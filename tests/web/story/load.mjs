// Files of administrators: of the wrong kind, with bad rows, tried, left and come back to, loaded by a
// second press.

import { same } from '../expect.mjs';
import { Office } from '../office.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */

const REGISTER = 'name,birth_date,phone,region_code\n';
/** A spreadsheet would run it. */
const FORMULA = '=HYPERLINK("http://example.org")';

/** @param {Stage} stage @param {'ko' | 'en'} language */
async function load(stage, language) {
  const office = await Office.at(stage, language);
  await office.open('/admin/imports/register');
  await office.press('/admin/imports/register');
  await office.refuses(['file']);

  // Of another kind: nothing is changed.
  await office.send('register', 'code,name\n99,Nowhere\n', 'regions.csv');
  same(await office.main.locator('.tag.bad').count(), 1, 'it is not a register');
  await office.look('a file of the wrong kind');

  // Two good rows, and one that names nobody's region.
  const rows = `Bae Suji,1963-04-05,01099990001,P1D1\n${FORMULA.replaceAll(',', ' ').replaceAll('"', '')},1963-04-05,01099990002,ZZ\nHan Jimin,1964-05-06,01099990003,P1D1\n`;
  await office.send('register', `${REGISTER}${rows}`, 'people.csv');
  same(await office.main.locator('.tag.bad').count(), 1, 'a bad row keeps the file out');
  await office.look('a file with a bad row');
  const rejects = await office.download(office.main.locator('a[href$="rejects.csv"]').first());
  same(rejects.includes('region_code'), true, `the rejected row: ${rejects}`);
  const job = office.path();

  // Left, and come back to from the list.
  await office.open('/admin/imports');
  await office.look('files');
  await office.go(office.main.locator(`a[href*="${job}"]`));
  await office.isAt(job);
  await office.go(office.main.locator('form', { has: office.page.locator('input[name=partial]') }).locator('button'));
  await office.settle();
  same(await office.main.locator('.tag.wait').count(), 1, 'tried without the bad row');
  await office.look('a file that was tried');
  await office.go(office.main.locator('form', { has: office.page.locator('input[name=load]') }).locator('button'));
  await office.settle();
  same(await office.main.locator('.tag.good').count(), 1, 'loaded by the second press');
  await office.look('a file that is loaded');

  // Sent again, it changes nothing.
  await office.send('register', `${REGISTER}${rows.split('\n').filter((row) => !row.includes('ZZ')).join('\n')}`, 'again.csv');
  await office.look('a file that says what is so');
  await office.open('/admin/imports?kind=register');
  await office.go(office.main.locator('table a').last());
  await office.look('an earlier file');

  // Another process answers: it says so, and a press is not lost without a word.
  office.visitor.isTrying = true;
  const elsewhere = `/admin/imports/jobs/${crypto.randomUUID()}?kind=register&at=${crypto.randomUUID()}`;
  await office.open(elsewhere);
  await office.look('a file that another process has');
  await office.follow('/admin/imports/register');
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  { name: `${language}: a file is tried, mended, left, come back to and loaded`, run: (stage) => load(stage, language) },
]);
