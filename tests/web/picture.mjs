// Takes the pictures of docs; of whole pages with FULL=yes. usage: node picture.mjs WORLD.json FOLDER INTO [PATTERN OF NAMES]

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launch } from './browser.mjs';
import { Citizen } from './citizen.mjs';
import { CLINIC, clinic } from './picture_clinic.mjs';
import { pictures as office } from './picture_office.mjs';
import { outage } from './picture_outage.mjs';
import { Stage } from './tell.mjs';
import { read } from './world.mjs';

const [file, , into, pattern = process.env.DOSEBOOK_PICTURE ?? ''] = process.argv.slice(2);
if (!file || !into) throw new Error('usage: node picture.mjs WORLD.json FOLDER INTO [PATTERN OF NAMES]');

const PHONE = { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DESKTOP = { viewport: { width: 1024, height: 720 } };
/** Colours of a picture: pages have few, and a palette is a third of the bytes. */
const COLOURS = '48';
const run = promisify(execFile);

// Where only pictures of a clinic are wanted, no citizen need come.
const languages = /** @type {('ko' | 'en')[]} */ (pattern.startsWith('clinic') ? [] : ['ko', 'en']);

const world = await read(file);
const browser = await launch();
const stage = new Stage(browser, world);
await mkdir(into, { recursive: true });

/** The pages that are shown on a desktop or in the dark too; on a phone in light, all are. */
const MORE = /^(landing-phone-dark-ko|time-phone-dark-ko|booked-phone-dark-ko|(landing|supply|place|booked)-desktop-light-..|(landing|booked)-desktop-dark-en)$/;

/** Of administrators' pages, those that are shown on a phone. */
const OFFICE = /^admin-(\w+-desktop|(campaign|closure)-phone)-light-/;

/** @param {string} name */
function isShown(name) {
  if (name.startsWith('clinic-')) return CLINIC.test(name);
  if (name.startsWith('admin-')) return OFFICE.test(name);
  return /phone-light/.test(name) || MORE.test(name);
}

/** @param {{ page: import('playwright-core').Page }} visitor @param {string} name */
async function shoot({ page }, name) {
  // Somebody who looks at the pages wants them all.
  if (!isShown(name) && !process.env.FULL) return;
  if (!new RegExp(pattern).test(name)) return;
  await page.evaluate(() => scrollTo(0, 0));
  const path = join(into ?? '', `${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide', fullPage: Boolean(process.env.FULL) });
  await run('pngquant', ['--force', '--ext', '.png', '--strip', '--speed', '1', COLOURS, path]);
}

/** @param {Citizen} citizen @param {string} name what the pictures are called after the page */
async function way(citizen, name) {
  const { service } = citizen;
  const shot = (/** @type {string} */ page) => shoot(citizen, `${page}-${name}`);
  await citizen.open('');
  await shot('landing');
  await citizen.open(`/campaigns/${service.campaign_id}`);
  await shot('supply');
  await citizen.open(`/campaigns/${service.campaign_id}/eligibility`);
  await citizen.birth();
  await citizen.submit();
  await shot('eligibility');
  await citizen.open('/sign-in');
  await shot('sign-in');
  await citizen.claim();
  await shot('code');
  await citizen.fill('code', (await citizen.code()) ?? '');
  await citizen.submit();
  await shot('me');
  await citizen.begin();
  await citizen.open(`/campaigns/${service.campaign_id}/clinics?near=37.57,126.98`);
  await shot('place');
  await citizen.choosePlace();
  await shot('time');
  await citizen.chooseTime();
  await shot('check');
  await citizen.submit();
  const path = await citizen.booked();
  await shot('booked');
  await citizen.open(`${path}/cancel`);
  await shot('cancel');
}

try {
  for (const language of languages) {
    for (const [device, wishes] of /** @type {const} */ ([['phone', PHONE], ['desktop', DESKTOP]])) {
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        await way(await Citizen.at(stage, { language, colorScheme, ...wishes }), `${device}-${colorScheme}-${language}`);
      }
    }
  }
  for (const language of languages) await outage(stage, language, shoot);
  await clinic(stage, shoot);
  for (const language of /** @type {const} */ (['ko', 'en'])) {
    for (const [device, wishes] of /** @type {const} */ ([['desktop', DESKTOP], ['phone', PHONE]])) {
      await office(stage, language, `${device}-light-${language}`, wishes, shoot);
    }
  }
  await stage.end();
} finally {
  await browser.close();
}
