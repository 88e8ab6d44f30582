// Takes the pictures of docs. usage: node picture.mjs WORLD.json FOLDER INTO

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launch } from './browser.mjs';
import { Stage } from './tell.mjs';
import { read } from './world.mjs';

const [file, , into] = process.argv.slice(2);
if (!file || !into) throw new Error('usage: node picture.mjs WORLD.json FOLDER INTO');

const PHONE = { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DESKTOP = { viewport: { width: 1024, height: 720 } };
const run = promisify(execFile);

const world = await read(file);
const browser = await launch();
await mkdir(into, { recursive: true });

/** @param {import('./visitor.mjs').Visitor} visitor @param {string} name */
async function shoot({ page }, name) {
  const path = join(into ?? '', `${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  // A page has few colours: a palette is a third of the bytes.
  await run('pngquant', ['--force', '--ext', '.png', '--strip', '--speed', '1', '64', path]);
}

try {
  const stage = new Stage(browser, world);
  for (const language of ['ko', 'en']) {
    for (const [device, wishes] of /** @type {const} */ ([['phone', PHONE], ['desktop', DESKTOP]])) {
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        const visitor = await stage.visitor({ ...wishes, colorScheme, locale: language });
        await visitor.open(`/${language}/style`);
        await shoot(visitor, `style-${device}-${colorScheme}-${language}`);
      }
    }
  }
  await stage.end();
} finally {
  await browser.close();
}
