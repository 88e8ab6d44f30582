// The pictures of a clinic's day, for docs/clinic.md.

import { Desk, LOT, stranger } from './desk.mjs';

/** @typedef {(desk: { page: import('playwright-core').Page }, name: string) => Promise<void>} Shoot */

const DEVICES = {
  phone: { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  tablet: { viewport: { width: 820, height: 1080 } },
  desktop: { viewport: { width: 1366, height: 768 } },
};
/** Each page on a tablet, and the day on a telephone too. */
export const CLINIC = /^clinic-(.*-tablet|today-phone)-light-..$/;

/** @param {import('./tell.mjs').Stage} stage @param {Shoot} shoot */
export async function clinic(stage, shoot) {
  for (const language of /** @type {const} */ (['ko', 'en'])) {
    for (const [device, wishes] of Object.entries(DEVICES)) {
      const desk = await Desk.at(stage, { language, colorScheme: 'light', ...wishes });
      await day(desk, (page) => shoot(desk, `clinic-${page}-${device}-light-${language}`));
      const { desks, call } = stage.world.desk;
      const username = call[language === 'ko' ? 0 : 1];
      const caller = await Desk.at(stage, { language, desk: desks.at(-1), username, colorScheme: 'light', ...wishes });
      await caller.page.locator('#q').fill(language === 'ko' ? '행복1' : 'Haengbok Clinic 1');
      await caller.go(caller.main.locator('form button'));
      await shoot(caller, `clinic-call-${device}-light-${language}`);
    }
  }
}

/** @param {Desk} desk @param {(page: string) => Promise<void>} shot */
async function day(desk, shot) {
  const [first, second, third, fourth, fifth] = desk.desk.booked;
  const [walker] = desk.desk.walkers;
  if (!first || !second || !third || !fourth || !fifth || !walker) throw new Error('nobody comes');
  // Some of the day is over.
  await desk.begin(second);
  await desk.checkIn(second);
  await desk.give();
  await desk.begin(third);
  await desk.otherwise('no_show');
  await desk.begin(fourth);
  await desk.checkIn(fourth);
  await desk.open('');
  await shot('today');
  await desk.begin(first);
  await shot('visit');
  await desk.checkIn(first);
  const form = desk.form('give');
  await desk.answer(form);
  await shot('give');
  await desk.give();
  await shot('given');
  await desk.undo();
  await desk.main.locator('details').first().locator('summary').click();
  await shot('undone');
  await desk.answer(desk.form('give'));
  await desk.give();
  await desk.open('/walk-in');
  await shot('walk-in');
  await desk.find(stranger(desk.desk));
  await shot('register');
  await desk.find(walker);
  await desk.formWith('act', 'give').first().locator('input[name=lot]').fill(LOT);
  await shot('person');
  await desk.open('/week');
  await shot('week');
  await desk.open('/close');
  await shot('close');
  await desk.begin(fourth);
  await desk.give();
  await desk.open('/close');
  await desk.go(desk.formWith('press', 'close').locator('button'));
  await shot('closed');
  await desk.visitor.open(`/${desk.language}/sign-out/staff`);
  await desk.go(desk.main.locator('form button').first());
  await desk.visitor.open(`/${desk.language}/sign-in/staff`);
  await shot('sign-in');
}
