// Plays the stories in Debian's Chromium. usage: node run.mjs WORLD.json FOLDER [PART OF A NAME]

import { chromium } from 'playwright-core';
import { asked } from './examine.mjs';
import * as control from './story/control.mjs';
import * as page from './story/page.mjs';
import { tell } from './tell.mjs';
import { read } from './world.mjs';

const [file, folder, part = ''] = process.argv.slice(2);
if (!file || !folder) throw new Error('usage: node run.mjs WORLD.json FOLDER [PART OF A NAME]');
const world = await read(file);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    // Root has no sandbox, and a container little /dev/shm.
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
  ],
});
try {
  const stories = [...control.stories, ...page.stories].filter(({ name }) => name.includes(part));
  const failed = await tell(stories, { browser, world, folder });
  const { pages, runs, passes } = asked;
  console.log(`axe: ${pages} pages, ${runs} runs, ${passes} rules passed`);
  for (const [rule, times] of asked.incomplete) console.log(`axe cannot say ${times} times: ${rule}`);
  process.exitCode = failed || !stories.length ? 1 : 0;
} finally {
  await browser.close();
}
