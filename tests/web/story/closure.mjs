// A clinic that is closed in the middle of its day: who is hit is said first, everybody is told,
// where they can go is offered, whom no message reaches is ticked off, and it is undone.

import { Citizen } from '../citizen.mjs';
import { expect, reload, same } from '../expect.mjs';
import { Office, day } from '../office.mjs';
import { LANGUAGES, inspect } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */
/** @typedef {import('../world.mjs').Person} Person */

const REASON = { ko: '정전으로 오늘은 접종하지 않습니다', en: 'The power is out' };
const NEWS = { closed: /is closed|휴진으로|휴진\./, opened: /after all|휴진이 취소|예약대로/ };
/** On the page of whoever is booked today. */
const NOW = { lost: 'form[action$="/move"]', whole: '.panel .code' };

/** The messages that would have left, as the page of this machine shows them. @param {string} codes @returns {Promise<string[]>} */
async function messages(codes) {
  const page = await (await fetch(`${codes}/dev/codes`)).text();
  return page.split('Other text messages')[1]?.match(/<tr><td>.*?<\/tr>/gs) ?? [];
}

/** Somebody at the page of their booking. @param {Stage} stage @param {'ko' | 'en'} language @param {Person} person */
async function booked(stage, language, person) {
  const citizen = await Citizen.at(stage, { service: stage.world.office[language], language, person });
  await citizen.open('/sign-in');
  await citizen.signIn();
  await citizen.go(citizen.main.locator('a[href*="/bookings/"]').first());
  return citizen;
}

/** Loads the page again until it shows that. @param {Citizen} citizen @param {string} what */
async function shows({ page, main }, what) {
  await expect(async () => {
    if (await main.locator(what).count()) return true;
    await reload(page);
    return false;
  }, `the page shows ${what}`, () => main.innerText());
}

/** The whole of it. @param {Stage} stage @param {'ko' | 'en'} language */
async function run(stage, language) {
  const service = stage.world.office[language];
  const people = service.people.slice(0, 4);
  const [, moving, silent, staying] = people;
  if (!moving || !silent || !staying) throw new Error('nobody is booked');
  const told = async (/** @type {RegExp} */ what) => (await messages(service.codes)).filter((one) => what.test(one) && one.includes('Clinic 1')).length;
  const stays = await booked(stage, language, staying);
  await shows(stays, NOW.whole);

  const office = await Office.at(stage, language);
  const closures = `/admin/clinics/${service.clinics[0]}/closures`;
  await office.open(closures);
  await office.look('closed days');
  await office.press(closures);
  await office.refuses(['from_date', `reason_${language}`]);
  await office.look('a closure that lacks something');
  await office.fill({ from_date: day(0), reason_ko: REASON.ko, reason_en: REASON.en });
  await office.press(closures);
  same(await office.figure(1), 4, 'bookings that are hit');
  same(await office.main.locator('table tbody tr').count(), 4, 'bookings that are listed');
  await office.look('who is hit');
  await office.press(closures, 'close');
  await office.isAt(`${closures}/${day(0)}`);

  // Everybody with a telephone is told; who has none stays on the list.
  await office.until(async () => (await office.figure(1)) === 3, 'three are reached by a message');
  same(await office.figure(0), 4, 'bookings that were hit');
  const rows = office.main.locator('table tbody tr');
  same([await rows.count(), (await rows.first().innerText()).includes(silent.name)], [1, true], 'who is on the list');
  await office.look('a closed day');
  same(await told(NEWS.closed), 3, 'messages that the clinic is closed');

  // Where to go is offered, and one press goes there.
  const moves = await booked(stage, language, moving);
  await shows(moves, NOW.lost);
  same((await moves.main.innerText()).includes(REASON[language]), true, 'the reason is said');
  await inspect(moves.visitor, `${language}, a booking that has lost its time`);
  await moves.go(moves.main.locator(`${NOW.lost} button`).first());
  await moves.booked();

  // Whoever was told by telephone is ticked off.
  await office.choose({ [(await office.main.locator('table select').getAttribute('name')) ?? '']: 'phone' });
  await office.press(`${closures}/${day(0)}/tick`);
  same([await office.figure(2), await office.figure(3)], [1, 1], 'told by somebody, and moved by themselves');
  await office.look('everybody is told');

  // The day comes back: who stands is whole again, and hears of it.
  await office.press(`${closures}/${day(0)}/open`);
  await office.look('a day that is open again');
  await shows(stays, NOW.whole);
  await expect(async () => (await told(NEWS.opened)) === 2, 'those who stand are told that it is open again');
  await office.open(closures);
  same(await office.main.locator('table').count(), 0, 'no day is closed');
  return `${(await messages(service.codes)).length} messages`;
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.map((language) => ({
  name: `${language}: a clinic closes in the middle of the day, with everybody told`,
  run: (stage) => run(stage, language),
}));
