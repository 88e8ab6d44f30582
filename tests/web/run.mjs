// Plays the stories in Debian's Chromium. usage: node run.mjs WORLD.json FOLDER [PATTERN OF NAMES]

import { launch } from './browser.mjs';
import { asked } from './examine.mjs';
import * as admin from './story/admin.mjs';
import * as clinic from './story/clinic.mjs';
import * as closure from './story/closure.mjs';
import * as control from './story/control.mjs';
import * as desk from './story/desk.mjs';
import * as dose from './story/dose.mjs';
import * as load from './story/load.mjs';
import * as office from './story/office.mjs';
import * as outage from './story/outage.mjs';
import * as person from './story/person.mjs';
import * as page from './story/page.mjs';
import * as error from './story/error.mjs';
import * as number from './story/number.mjs';
import * as look from './story/look.mjs';
import * as way from './story/way.mjs';
import * as press from './story/press.mjs';
import * as trick from './story/trick.mjs';
import * as live from './story/live.mjs';
import * as weight from './story/weight.mjs';
import { tell } from './tell.mjs';
import { read } from './world.mjs';

const [file, folder, part = ''] = process.argv.slice(2);
if (!file || !folder) throw new Error('usage: node run.mjs WORLD.json FOLDER [PATTERN OF NAMES]');
const world = await read(file);
const browser = await launch();
try {
  const told = [control, page, error, way, number, press, trick, live, look, weight, admin, office, closure, dose, person, load, clinic, desk, outage].flatMap((part) => part.stories);
  const stories = told.filter(({ name }) => new RegExp(part).test(name));
  const failed = await tell(stories, { browser, world, folder });
  const { pages, runs, passes } = asked;
  console.log(`axe: ${pages} pages, ${runs} runs, ${passes} rules passed`);
  for (const [rule, times] of asked.incomplete) console.log(`axe cannot say ${times} times: ${rule}`);
  process.exitCode = failed || !stories.length ? 1 : 0;
} finally {
  await browser.close();
}
