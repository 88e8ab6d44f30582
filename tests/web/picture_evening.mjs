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
// The page renews itself; its numbers are the supply's.
await page.waitForFunction(
  (below) => {
    const numbers = document.querySelector('main')?.textContent?.match(/\d{1,3}(,\d{3})+|\d+/) ?? [];
    const first = Number((numbers[0] ?? '0').replaceAll(',', ''));
    return first > 0 && first < Number(below);
  },
  below,
  { timeout: 600_000, polling: 500 },
);
await page.screenshot({ path: into, animations: 'disabled', caret: 'hide' });
await run('pngquant', ['--force', '--ext', '.png', '--strip', '--speed', '1', COLOURS, into]);
await browser.close();
