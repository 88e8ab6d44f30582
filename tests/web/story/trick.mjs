// What people tried in July 2021, tried through the pages.

import { BOOKING, Citizen } from '../citizen.mjs';
import { same } from '../expect.mjs';

/** The page that sums up, opened by its address. @param {import('../world.mjs').Small} small */
const check = ({ campaign_id, slot_id, product_id }) => `/campaigns/${campaign_id}/check?slot=${slot_id}&product=${product_id}`;

/** Sends a form as the page would. @param {Citizen} citizen @param {string} path @param {Record<string, string>} form */
async function send({ page, visitor }, path, form) {
  visitor.isTrying = true;
  return page.evaluate(
    async ([to, body]) => {
      const answer = await fetch(to, { method: 'POST', body: new URLSearchParams(body), redirect: 'follow' });
      return { status: answer.status, path: new URL(answer.url).pathname, text: await answer.text() };
    },
    /** @type {const} */ ([path, form]),
  );
}

/** @param {Citizen} citizen */
async function signedIn(citizen) {
  await citizen.open('/sign-in');
  await citizen.signIn();
}

/** What the form on the page that sums up would send. @param {Citizen} citizen @returns {Promise<{ path: string, form: Record<string, string> }>} */
async function formOf({ main, page }) {
  const form = await main.locator('form').first().evaluate((it) => {
    const element = /** @type {HTMLFormElement} */ (it);
    return { path: element.action, form: Object.fromEntries(new FormData(element)) };
  });
  return { path: form.path || page.url(), form: /** @type {Record<string, string>} */ (form.form) };
}

/** The citizen has no booking. @param {Citizen} citizen */
async function hasNone(citizen) {
  await citizen.open('/me');
  same(await citizen.main.locator('a[href*="/bookings/"]').count(), 0, 'bookings');
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = [
  {
    name: 'trick 1: a changed clock of the PC opens nothing',
    async run(stage) {
      const { before } = stage.world;
      const citizen = await Citizen.at(stage, { language: 'ko', service: before, person: before.people[0] });
      await citizen.page.clock.install({ time: Date.now() + 2 * 3_600_000 });
      await signedIn(citizen);
      await citizen.open(check(before));
      same(await citizen.main.locator('form button.button:not(.quiet)').count(), 0, 'a button to book');
      await hasNone(citizen);
    },
  },
  {
    name: 'trick 2: the page to book, opened before the opening, books nothing',
    async run(stage) {
      const { before } = stage.world;
      const citizen = await Citizen.at(stage, { language: 'ko', service: before, person: before.people[1] });
      await signedIn(citizen);
      const page = await citizen.open(check(before));
      same((page?.status() ?? 0) < 500, true, 'the page is there');
      // As a program would: the form of an open round, with this slot.
      const open = await Citizen.at(stage, { language: 'ko' });
      await open.decide();
      const { form } = await formOf(open);
      const answer = await send(citizen, `/ko${check(before)}`, form);
      same([403, 409, 422].includes(answer.status), true, `refused, not ${answer.status} at ${answer.path}`);
      await hasNone(citizen);
    },
  },
  {
    name: 'trick 3: a request that is sent again books nothing more, for nobody',
    async run(stage) {
      const citizen = await Citizen.at(stage, { language: 'ko' });
      await citizen.decide();
      const { path, form } = await formOf(citizen);
      await citizen.submit();
      const booking = await citizen.booked();
      const again = await send(citizen, path, form);
      same(again.path, `/ko${booking}`, 'the same request again is the same booking');
      // Somebody else sends the very same request.
      const thief = await Citizen.at(stage, { language: 'ko' });
      await signedIn(thief);
      const stolen = await send(thief, path, form);
      same(new RegExp(BOOKING).test(stolen.path), false, `somebody else gets ${stolen.path}`);
      await hasNone(thief);
      const seen = await thief.open(booking);
      same(seen?.status(), 404, 'nor see the booking');
    },
  },
  {
    name: 'trick 4: an address that leads past the line leads to the sign-in, and a form from nobody is refused',
    async run(stage) {
      const citizen = await Citizen.at(stage, { language: 'ko' });
      await citizen.decide();
      const { path, form } = await formOf(citizen);
      const at = citizen.page.url().slice(citizen.service.url.length);
      const nobody = await Citizen.at(stage, { language: 'ko' });
      await nobody.visitor.open(at);
      await nobody.isAt('/ko/sign-in');
      const answer = await send(nobody, path, form);
      same(new RegExp(BOOKING).test(answer.path), false, `a form without a session leads to ${answer.path}`);
      const { empty, paused } = stage.world;
      for (const service of [empty, paused]) {
        const late = await Citizen.at(stage, { language: 'ko', service, person: service.people[2] });
        await signedIn(late);
        const refused = await send(late, `/ko${check(service)}`, form);
        same([403, 409].includes(refused.status), true, `refused, not ${refused.status}`);
        await hasNone(late);
      }
    },
  },
];
