// The database goes away in the middle of an evening: what was pressed is kept and done once when it
// is back, and everything that is in memory can be looked at.

import { BOOKING } from '../citizen.mjs';
import { Desk } from '../desk.mjs';
import { examine } from '../examine.mjs';
import { expect, reload, same } from '../expect.mjs';
import { Office } from '../office.mjs';
import { Clock, Outage } from '../outage.mjs';
import { forced, wide } from '../screen.mjs';
import { LANGUAGES, inspect } from './page.mjs';

/**
 * @typedef {import('../citizen.mjs').Citizen} Citizen
 * @typedef {import('../visitor.mjs').Visitor} Visitor
 * @typedef {{ page: import('playwright-core').Page, main: import('playwright-core').Locator, visitor: Visitor }} Who
 */

const PHONE = { viewport: { width: 360, height: 740 } };
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const AN_HOUR = 3_600;
/** In so many seconds everybody is told to come again at first. */
const AGAIN = { min: 2, max: 10 };

/** That nothing can be booked. */
const AWAY = { ko: '예약, 변경, 취소를 하실 수 없습니다', en: 'Nothing can be booked, changed or cancelled' };
/** That a list stays as it is. */
const SIGNED_OUT = { ko: '다시 불러와 로그인해', en: 'Load the page again and sign in' };
/** When to press again. */
const WHEN = { ko: /\d+초 뒤에/, en: /in \d+ seconds?/ };

/** Looks at the page in every way there is. @param {Visitor} visitor @param {string} where */
async function look(visitor, where) {
  if (process.env.LOOK) await visitor.page.screenshot({ path: `${process.env.LOOK}/${where.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}-${visitor.hasScript ? 'script' : 'plain'}.png`, fullPage: true, caret: 'initial' });
  if (visitor.hasScript) await inspect(visitor, where);
  else visitor.found.push(...(await examine(visitor)).map((fault) => `${where}: ${fault}`));
  const found = [...(await wide(visitor)), ...(await forced(visitor))];
  visitor.found.push(...found.map((fault) => `${where}: ${fault}`));
}

/** POSTs from now on. @param {Who} who */
function counted({ page }) {
  let posts = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST') posts += 1;
  });
  return () => posts;
}

/** The part that counts down, and in how many seconds it acts. @param {Who} who */
async function counting({ main }) {
  const part = main.locator('[data-again]');
  const seconds = Number(await part.getAttribute('data-again'));
  same(seconds >= AGAIN.min && seconds <= AGAIN.max, true, `${seconds} seconds`);
  return { part, seconds };
}

/**
 * What somebody is about to press, and what they see when it went through. Whether the script
 * presses it by itself.
 * @typedef {{ what: string, isByItself: boolean, at: import('playwright-core').BrowserContextOptions, ready: (outage: Outage, wishes: import('playwright-core').BrowserContextOptions) => Promise<Citizen>, done: (citizen: Citizen) => Promise<void> }} Way
 */

/** @type {Way[]} */
const WAYS = [
  {
    what: 'book',
    isByItself: true,
    at: PHONE,
    async ready(outage, wishes) {
      const citizen = await outage.citizen(wishes);
      const { campaign_id, region_id } = outage.service;
      await citizen.open('/sign-in');
      await citizen.signIn();
      await citizen.open(`/campaigns/${campaign_id}/clinics?region=${region_id}`);
      await citizen.choosePlace(-1);
      await citizen.chooseTime(-1);
      return citizen;
    },
    async done(citizen) {
      await citizen.booked();
    },
  },
  {
    // It would replace one that may have been made.
    what: 'ask for a code',
    isByItself: false,
    at: DESKTOP,
    async ready(outage, wishes) {
      const citizen = await outage.citizen(wishes);
      await citizen.open('/sign-in');
      await citizen.say();
      return citizen;
    },
    async done(citizen) {
      await citizen.isAt(`/${citizen.language}/sign-in/code`);
      await citizen.page.locator('#code').waitFor();
      const code = await citizen.code();
      same(code?.length, 6, 'the digits of the code');
    },
  },
  {
    what: 'write the code',
    isByItself: true,
    at: PHONE,
    async ready(outage, wishes) {
      const citizen = await outage.citizen(wishes);
      await citizen.open('/sign-in');
      await citizen.claim();
      await citizen.fill('code', (await citizen.code()) ?? '');
      return citizen;
    },
    async done(citizen) {
      await citizen.isAt(`/${citizen.language}/me`);
    },
  },
  {
    // Nobody's booking ends while they may think better of it.
    what: 'cancel',
    isByItself: false,
    at: DESKTOP,
    async ready(outage, wishes) {
      const person = outage.service.desks[0]?.later.shift();
      if (!person) throw new Error('nobody is booked');
      const citizen = await outage.citizen({ person, ...wishes });
      await citizen.open('/sign-in');
      await citizen.signIn();
      await citizen.open(`/bookings/${person.booking_id}/cancel`);
      return citizen;
    },
    async done(citizen) {
      await citizen.isAt(`/${citizen.language}${BOOKING}`);
    },
  },
];

/** A press that is not taken, with what was typed; ends when the page says when to press again. @param {Citizen} citizen @param {Way} way */
async function refused(citizen, { what, isByItself }) {
  const { main, visitor, language } = citizen;
  await citizen.submit();
  const said = await main.innerText();
  same(WHEN[language].test(said), true, `${what}: it says when to press again: ${said}`);
  const counts = visitor.hasScript && isByItself;
  same(await main.locator('[data-again]:visible').count(), counts ? 1 : 0, `${what}: it counts down`);
  if (counts) await counting(citizen);
  await look(visitor, `${language}, ${what}, not taken`);
}

/** Everybody presses while the database is away, and once it is back. @param {Outage} outage @param {boolean} hasScript */
async function presses(outage, hasScript) {
  const all = [];
  for (const way of WAYS) {
    const citizen = await way.ready(outage, { ...way.at, javaScriptEnabled: hasScript });
    const clock = new Clock(citizen.visitor);
    await clock.stop();
    all.push({ way, citizen, clock, posts: counted(citizen) });
  }
  const before = await outage.told();
  if (hasScript) await outage.begins();
  else await outage.freezes();
  await Promise.all(all.map(({ citizen, way }) => refused(citizen, way)));
  await outage.ends();
  for (const { way, citizen, clock, posts } of all) {
    if (hasScript && way.isByItself) await clock.pass((await counting(citizen)).seconds);
    else await citizen.submit();
    await way.done(citizen);
    same(posts(), 2, `${way.what}: times that it was sent`);
    same(await citizen.main.locator('[data-again]').count(), 0, `${way.what}: nothing is sent once more`);
  }
  const { booked, live, codes } = await outage.told();
  same(booked, before.booked + 1, 'bookings that were made');
  same(live, before.live, 'one was booked and one cancelled');
  // Whoever was told that it is not known may have been sent one after all; the next one ends it.
  same([1, 2].includes(codes - before.codes), true, `${codes - before.codes} codes that were made`);
  outage.forgive(all.map(({ citizen }) => citizen.visitor));
}

/** Everything that memory has is shown, and says how it is. @param {Outage} outage */
async function around(outage) {
  const { service, language } = outage;
  const watcher = await outage.citizen(PHONE);
  await watcher.open('');
  await outage.begins();
  const heard = async () => (await watcher.main.locator('[data-status]').first().innerText()) !== '';
  await expect(heard, 'an open page hears of it');
  const round = `/campaigns/${service.campaign_id}`;
  const places = `${round}/clinics?region=${service.region_id}`;
  const paths = ['', round, `${round}/eligibility`, `${round}/clinics`, places, '/sign-in'];
  const tells = async (/** @type {string} */ where) => {
    const said = await watcher.main.innerText();
    same(said.includes(AWAY[language]), true, `${where} says so: ${said}`);
    await look(watcher.visitor, `${language}, ${where} from memory`);
  };
  for (const path of paths) {
    same((await watcher.open(path))?.status(), 200, path);
    await tells(path);
  }
  await watcher.open(places);
  await watcher.choosePlace(-1);
  await tells('times');
  await outage.ends();
  await reload(watcher.page);
  same((await watcher.main.innerText()).includes(AWAY[language]), false, 'it is over');
}

/** Pages that only the database can answer: who waits, who does not want to, whose phone was away. @param {Outage} outage */
async function waiting(outage) {
  const { language } = outage;
  const [patient, careful, asleep] = [await outage.citizen(PHONE), await outage.citizen(DESKTOP), await outage.citizen(PHONE)];
  const all = [patient, careful, asleep];
  for (const citizen of all) {
    await citizen.open('/sign-in');
    await citizen.signIn();
  }
  const clock = new Clock(asleep.visitor);
  await clock.stop();
  await outage.begins();
  for (const citizen of all) same((await citizen.open('/me'))?.status(), 503, 'my booking');
  await careful.main.locator('[data-again] button').click();
  same(await careful.main.locator('[data-again]').isHidden(), true, 'it is told not to');
  const { part } = await counting(asleep);
  await look(asleep.visitor, `${language}, a page that cannot be shown`);
  await clock.pass(AN_HOUR);
  await expect(() => part.isHidden(), 'after an hour it is nobody\'s wish any more');
  await outage.ends();
  const isShown = async (/** @type {Citizen} */ { main }) =>
    (await main.locator('h1').count()) === 1 && (await main.locator('[data-again]').count()) === 0;
  await expect(() => isShown(patient), 'the page is shown by itself');
  for (const citizen of [careful, asleep]) {
    same(await isShown(citizen), false, 'nothing is loaded by itself');
    await citizen.go(citizen.main.locator('a.button').first());
    same(await isShown(citizen), true, 'the page is shown');
  }
  outage.forgive(all.map(({ visitor }) => visitor));
}

/** A nurse gives a dose, another without script; an administrator pauses. @param {Outage} outage */
async function work(outage) {
  const { stage, service, language } = outage;
  const nurses = [];
  for (const javaScriptEnabled of [true, false]) {
    const desk = await Desk.at(stage, { language, place: service, javaScriptEnabled });
    const [booked] = desk.desk.booked;
    if (!booked) throw new Error('nobody is booked');
    await desk.begin(booked);
    await desk.checkIn(booked);
    await desk.answer(desk.form('give'));
    nurses.push(desk);
  }
  const watcher = await Desk.at(stage, { language, place: service });
  await watcher.open('');
  const stale = watcher.main.locator('[data-stale]');
  same(await stale.innerText(), '', 'the list renews itself');
  const office = await Office.at(stage, language, { service });
  const pause = `/admin/campaigns/${service.second_id}/pause`;
  await office.open(pause);
  await office.fill({ reason_ko: '백신 입고 지연', reason_en: 'A delivery is late' });
  const all = [...nurses, office];
  const clocks = all.map(({ visitor }) => new Clock(visitor));
  for (const clock of clocks) await clock.stop();
  const posts = all.map(counted);
  const before = await outage.told();
  await outage.freezes();
  await Promise.all([
    ...nurses.map((desk) => desk.go(desk.form('give').locator('button'))),
    office.press(pause),
  ]);
  for (const { main, visitor } of all) {
    const said = await main.innerText();
    same(WHEN[language].test(said), true, `it says when to press again: ${said}`);
    await look(visitor, `${language}, a press at work that is not taken`);
  }
  await expect(async () => (await stale.innerText()) !== '', 'the list says that it may be old');
  await look(watcher.visitor, `${language}, a list that does not renew`);
  await outage.ends();
  // Whoever comes back to the page does not wait for its next look.
  await watcher.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(async () => (await stale.innerText()) === '', 'the list renews itself again');
  // Whose session has ended is not told that it goes on by itself.
  await watcher.page.context().clearCookies();
  await watcher.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(async () => (await stale.innerText()).includes(SIGNED_OUT[language]), 'the list says that nobody is signed in');
  await look(watcher.visitor, `${language}, a list of whoever is signed out`);
  const [first, second] = nurses;
  for (const who of [first, office]) {
    if (who) await clocks[all.indexOf(who)]?.pass((await counting(who)).seconds);
  }
  await second?.go(second.main.locator('form button').first());
  for (const desk of nurses) await desk.tagged('good');
  await office.isAt(pause.replace('/pause', ''));
  same(posts.map((sent) => sent()), [2, 2, 2], 'times that each was sent');
  const { given, paused } = await outage.told();
  same([given, paused], [before.given + 2, before.paused + 1], 'doses given, campaigns paused');
  outage.forgive([...all, watcher].map(({ visitor }) => visitor));
}

/** @type {{ name: string, run: (outage: Outage) => Promise<void> }[]} */
const TOLD = [
  {
    name: 'with script, what was pressed while the database was away is pressed once more by itself',
    run: (outage) => presses(outage, true),
  },
  { name: 'without script, a button presses it once the database answers', run: (outage) => presses(outage, false) },
  { name: 'while the database is away people look around, and are told', run: around },
  { name: 'a page that cannot be shown is loaded by itself, unless nobody wants it', run: waiting },
  { name: 'what is pressed at work while the database stands still is done once', run: work },
];

/** @type {import('../tell.mjs').Story[]} */
export const stories = TOLD.flatMap(({ name, run }) =>
  LANGUAGES.map((language) => ({
    name: `${language}: ${name}`,
    run: (/** @type {import('../tell.mjs').Stage} */ stage) => Outage.play(stage, language, run),
  })),
);
