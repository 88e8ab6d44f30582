// Takes the picture of README's lead: the landing page in English while the supply falls.
// usage: node picture_evening.mjs URL OF THE PAGE INTO.png [BELOW: take it once so many doses are left]

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { launch } from './browser.mjs';

const [url, into, below = '50000'] = process.argv.slice(2);
if (!url || !into) throw new Error('usage: node picture_evening.mjs URL INTO.png [BELOW]');

/** Colours of the picture: the page has few, and a palette is a third of the bytes. */
const COLOURS = '48';
const run = promisify(execFile);

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1024, height: 720 }, colorScheme: 'light' });
const page = await context.newPage();
/** Doses that can be booked at this moment, as the page says; none before it opens. */
const doses = async () => {
  await page.goto(url);
  const headline = await page.locator('p.big').first().innerText();
  const [, number = '0'] = headline.match(/^([\d,]+) doses can be booked now/) ?? [];
  return Number(number.replaceAll(',', ''));
};
for (let left = await doses(); left === 0 || left >= Number(below); left = await doses()) {
  await page.waitForTimeout(1_000);
}
await page.screenshot({ path: into, animations: 'disabled', caret: 'hide' });
await run('pngquant', ['--force', '--ext', '.png', '--strip', '--speed', '1', COLOURS, into]);
await browser.close();
