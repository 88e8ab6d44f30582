// Takes the picture of README's lead: the landing page while the supply falls.
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
await page.goto(url);
// The page renews itself; its headline begins with the doses that can be booked.
await page.waitForFunction(
  (below) => {
    const headline = document.querySelector('p.big')?.textContent ?? '';
    const doses = Number((headline.match(/[\d,]+/)?.[0] ?? '0').replaceAll(',', ''));
    return doses > 0 && doses < Number(below);
  },
  below,
  { timeout: 600_000, polling: 500 },
);
await page.screenshot({ path: into, animations: 'disabled', caret: 'hide' });
await run('pngquant', ['--force', '--ext', '.png', '--strip', '--speed', '1', COLOURS, into]);
await browser.close();
