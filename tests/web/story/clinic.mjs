// A nurse's day: from signing in and the first scan to the closing of the day.

import { Desk, stranger } from '../desk.mjs';
import { same } from '../expect.mjs';
import { day as dayIn } from '../office.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */
/** @typedef {import('../world.mjs').Booked} Booked */

/** Between the scan and the dose. */
const PRESSES_MAX = 2;
/** Keys for one person by keyboard alone, besides what is typed into fields and by the scanner. */
const KEYS_MAX = 12;

/** People who are booked at the desk, in the order in which they come. @param {Desk} desk @returns {(nth: number) => Booked} */
const of = ({ desk }) => (nth) => {
  const one = desk.booked[nth];
  if (!one) throw new Error(`nobody is number ${nth}`);
  return one;
};

/** Scan, check in, give: as often as the day has people. @param {Desk} desk @param {Booked} booked */
async function serve(desk, booked) {
  await desk.scan(booked);
  same(await desk.main.getByText(booked.name, { exact: true }).count(), 0, 'the whole name before the person has said who they are');
  await desk.checkIn(booked);
  same(await desk.main.locator('h1').innerText(), booked.name, 'the name after check-in');
  await desk.give();
  same(desk.presses <= PRESSES_MAX, true, `${desk.presses} presses between the scan and the dose`);
  same(await desk.focused(), 'number', 'after a dose the next is scanned');
}

/** Unwell until a day, mistyped at first: it is mended where it was typed. @param {Desk} desk */
async function turnAway(desk) {
  const until = desk.page.locator('#until');
  await desk.main.locator('details').first().locator('summary').click();
  await desk.form('not_vaccinated').locator('input[value=unwell]').check();
  await until.fill('2020-01-01');
  await desk.go(desk.form('not_vaccinated').locator('button'));
  same(await until.isVisible(), true, 'what must be mended is seen');
  same(await until.inputValue(), '2020-01-01', 'what was typed stays');
  await desk.look('unwell until a day that is over');
  await until.fill(dayIn(5).replaceAll('-', '.'));
  await desk.go(desk.form('not_vaccinated').locator('button'));
  await desk.tagged('bad');
}

/** Two presses are wrong, and taken back. @param {Desk} desk */
async function mistakes(desk) {
  const booked = of(desk);
  await desk.scan(booked(1));
  await desk.checkIn(booked(1));
  await desk.give();
  await desk.undo();
  same(await desk.main.locator('del').count(), 1, 'what was taken back stays in the history');
  await desk.give();
  // Marked as missing, and then they stand there.
  await desk.scan(booked(2));
  await desk.otherwise('no_show');
  await desk.tagged('bad');
  await desk.undo();
  await desk.checkIn(booked(2));
  await desk.give();
}

/** Three people come without a booking. @param {Desk} desk */
async function walkIns(desk) {
  const [first, second, third] = desk.desk.walkers;
  if (!first || !second || !third) throw new Error('nobody walks in');
  // Found in the register.
  await desk.find(first);
  await desk.giveNow();
  // Not in it: registered on the spot.
  const unknown = stranger(desk.desk);
  await desk.find(unknown);
  await desk.page.locator('#phone').fill(unknown.phone);
  await desk.go(desk.main.locator('form[action$="/register"] button'));
  same(await desk.main.locator('h1').innerText(), unknown.name, 'who was registered');
  await desk.giveNow();
  // From a dose that somebody else has left, and pressed twice.
  await desk.find(second);
  const spare = await desk.main.locator('.card').first().innerText();
  same(/여유분 1|1 spare/.test(spare), true, `one dose is spare: ${spare}`);
  await desk.answer(desk.formWith('act', 'give').first());
  await desk.leads(() => desk.formWith('act', 'give').first().locator('button').dblclick(), 'two presses');
  await desk.tagged('good');
  // Who has no dose any more is booked for another day.
  await desk.find(third);
  const book = desk.formWith('act', 'book').first();
  await book.locator('input[name=slot]').last().check();
  await book.locator('input[name=why]').fill(desk.language === 'ko' ? '휴대전화 없음' : 'No phone');
  await book.locator('input[name=consent]').first().check();
  await desk.go(book.locator('button'));
  await desk.main.locator('.note.done').waitFor();
}

/** The dose after is booked where this one was given. @param {Desk} desk @param {Booked} booked */
async function nextDose(desk, booked) {
  await desk.begin(booked);
  const book = desk.formWith('act', 'book').first();
  await book.locator('input[name=slot]').first().check();
  await book.locator('input[name=consent]').first().check();
  await desk.go(book.locator('button'));
  same(new URL(desk.page.url()).pathname.endsWith(booked.booking_id), true, 'it leads back to the visit');
  const said = await desk.main.locator('.note.done').innerText();
  same(/\d{3} \d{3} \d{4}/.test(said), true, `the number is said: ${said}`);
  same(await desk.formWith('act', 'book').count(), 0, 'it is not proposed again');
}

/** @param {Desk} desk */
async function close(desk) {
  const waiting = of(desk)(7);
  await desk.open('/close');
  const link = desk.main.locator(`a[href$="${waiting.booking_id}"]`);
  same(await link.count(), 1, 'who is waiting is named, with the way to them');
  await desk.go(desk.formWith('press', 'close').locator('button'));
  await desk.main.locator('[role=alert]').waitFor();
  await desk.go(desk.main.locator(`a[href$="${waiting.booking_id}"]`));
  await desk.give();
  await desk.open('/close');
  await desk.page.locator('#note').fill(desk.language === 'ko' ? '이상 없음' : 'Nothing to add');
  await desk.go(desk.formWith('press', 'close').locator('button'));
  await desk.main.locator('.panel').waitFor();
  // Nothing of the day is changed any more.
  await desk.begin(of(desk)(0));
  same(await desk.form('undo').count(), 0, 'a press to take back after closing');
  await desk.open('');
  same(await desk.main.locator('#shut .note').count(), 1, 'the day says that it is closed');
}

/** @param {Desk} desk */
async function day(desk) {
  const booked = of(desk);
  const before = await desk.glance();
  same([before.awaited, before.on_hand, before.spare], [9, 14, 0], 'people to come, doses on hand, spare');
  await desk.begin(booked(0));
  await desk.open('');
  await serve(desk, booked(0));
  await mistakes(desk);
  await desk.scan(booked(3));
  await desk.checkIn(booked(3));
  await turnAway(desk);
  await desk.scan(booked(4));
  await desk.otherwise('no_show');
  await desk.scan(booked(5));
  await desk.otherwise('cancel');
  await walkIns(desk);
  await nextDose(desk, booked(0));
  await serve(desk, booked(6));
  // Checked in, and nothing is written down when the day is to be closed.
  await desk.scan(booked(7));
  await desk.checkIn(booked(7));
  await desk.open('');
  const after = await desk.glance();
  same([after.given, after.walk_ins, after.not_vaccinated, after.no_shows, after.waiting], [4, 3, 1, 1, 1], 'the day so far');
  const [later] = desk.desk.later;
  await desk.go(desk.main.locator('.steps a[rel=next]'));
  same(await desk.main.locator('tbody th a').count(), desk.desk.later.length, 'people of the next day');
  if (later) {
    await desk.scan(later);
    same([await desk.form('arrive').count(), await desk.main.locator('.note.warn').count()], [0, 1], 'nobody is checked in on another day');
  }
  await desk.open('/week');
  same(await desk.main.locator('tbody tr').count(), 7, 'days of a week');
  await close(desk);
}

/** By the keyboard alone: the scanner types, and every other key is counted. @param {Desk} desk @param {Booked} booked @param {string} lot to type; empty where it stands there */
async function byKeys(desk, booked, lot) {
  const { visitor, page } = desk;
  await desk.scan(booked);
  const before = visitor.keys;
  same(await desk.focused(), 'born', 'the field for what the person says has the focus');
  await page.keyboard.type(booked.birth_date.slice(2).replaceAll('-', ''));
  await desk.enter();
  const isBox = () => page.evaluate(() => /** @type {any} */ (document.activeElement)?.type === 'checkbox');
  for (let n = 0; (await isBox()) && n < 8; n += 1) {
    await visitor.press('Space');
    await visitor.press('Tab');
  }
  if (lot) await page.keyboard.type(lot);
  await desk.enter();
  await desk.tagged('good');
  same(desk.presses <= PRESSES_MAX, true, `${desk.presses} presses`);
  return visitor.keys - before;
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.flatMap((language) => [
  ...[true, false].map((javaScriptEnabled) => ({
    name: `${language}, ${javaScriptEnabled ? 'with' : 'without'} script: a nurse's day from the first scan to its closing`,
    run: async (/** @type {Stage} */ stage) => {
      const desk = await Desk.at(stage, { language, javaScriptEnabled });
      await day(desk);
      return `${desk.visitor.screens.length} screens`;
    },
  })),
  ...[true, false].map((javaScriptEnabled) => ({
    name: `${language}, ${javaScriptEnabled ? 'with' : 'without'} script: by keyboard and scanner alone`,
    run: async (/** @type {Stage} */ stage) => {
      const desk = await Desk.at(stage, { language, javaScriptEnabled });
      await desk.open('');
      const first = await byKeys(desk, of(desk)(0), 'EW 0182');
      const second = await byKeys(desk, of(desk)(1), '');
      if (second > KEYS_MAX) desk.visitor.found.push(`keys: ${second} for one person`);
      // A code that is scanned into the wrong field is a scan all the same.
      await desk.scan(of(desk)(2));
      same(await desk.focused(), 'born', 'what has the focus');
      await desk.scan(of(desk)(3));
      same(new URL(desk.page.url()).pathname.endsWith(of(desk)(3).booking_id), true, 'the code goes before the date');
      await desk.checkIn(of(desk)(3));
      await desk.answer(desk.form('give'));
      await desk.page.locator('#lot').focus();
      await desk.scan(of(desk)(4));
      same(new URL(desk.page.url()).pathname.endsWith(of(desk)(4).booking_id), true, 'nothing is given by a scan');
      if (javaScriptEnabled) {
        // On a ticked box too: its Enter would give the dose to the person before.
        await desk.checkIn(of(desk)(4));
        await desk.answer(desk.form('give'));
        await desk.page.locator('#answer-identity').focus();
        await desk.scan(of(desk)(5));
        same(new URL(desk.page.url()).pathname.endsWith(of(desk)(5).booking_id), true, 'a scan on a box is a scan');
      }
      await desk.open('');
      same((await desk.glance()).given, 2, 'doses');
      return `${first} and ${second} keys besides what is typed`;
    },
  })),
]);
