// Every page for clinic staff and the call centre, in every state that a story can bring about.

import { Desk, LOT, stranger } from '../desk.mjs';
import { expect, same } from '../expect.mjs';
import { edgeless, unseen } from './look.mjs';
import { LANGUAGES, inspect } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */

/** What the pages of a day weigh together with their style and script, on the wire. */
const BYTES_MAX = 25_000;

/** The pages before somebody has come. @param {Desk} desk */
async function quiet(desk) {
  const { main } = desk;
  const [booked] = desk.desk.booked;
  if (!booked) throw new Error('nobody is booked');
  await desk.open('');
  await desk.look('today');
  await desk.page.locator('#number').fill('1234567890');
  await desk.go(main.locator('.scan button').first());
  await desk.look('a number with a slip');
  await desk.open('/week');
  await desk.look('week');
  await desk.open('/register');
  await desk.look('register');
  await desk.go(main.locator('form[action$="/register"] button'));
  await desk.look('register, nothing typed');
  await desk.open('/close');
  await desk.look('the account of a day that has just begun');
  await desk.visitor.open(`/${desk.language}/clinic/999999`);
  await desk.look('another clinic');
  await desk.visitor.open(`/${desk.language}/admin`);
  await desk.look('not for this role');
  await desk.open('/nothing-is-here');
  await desk.look('no such page at the clinic');
}

/** One visit, in all its states. @param {Desk} desk */
async function visit(desk) {
  const { main, page } = desk;
  const [booked, other, third] = desk.desk.booked;
  if (!booked || !other || !third) throw new Error('nobody is booked');
  await desk.begin(booked);
  await desk.look('before check-in');
  same((await main.innerText()).includes(booked.birth_date.slice(0, 4)), false, 'the year of birth is not shown before it is said');
  await desk.go(desk.form('arrive').locator('button'));
  await desk.look('nothing was said');
  await page.locator('#born').fill('19550101');
  await desk.go(desk.form('arrive').locator('button'));
  await desk.look('somebody else was born then');
  same(await main.locator('[role=alert]').count(), 1, 'it is said');
  same(await page.locator('#born').inputValue(), '19550101', 'what was typed stays');
  await desk.checkIn(booked);
  await desk.look('before the dose');
  await desk.go(desk.form('give').locator('button'));
  await desk.look('no lot');
  await page.locator('#lot').fill(LOT);
  await desk.go(desk.form('give').locator('button'));
  await desk.look('nothing was answered');
  await desk.give();
  await desk.look('given');
  await desk.undo();
  await desk.look('taken back');
  await main.locator('details').first().locator('summary').click();
  await desk.look('what else can happen');
  await desk.begin(other);
  await main.locator('details').first().locator('summary').click();
  await desk.look('what else can happen before check-in');
  await page.locator('#document').check();
  await desk.go(desk.form('arrive').locator('button'));
  same(await main.locator('h1').innerText(), other.name, 'who was compared with a document');
  await desk.begin(third);
  await desk.otherwise('no_show');
  await desk.look('did not come');
}

/** @param {Desk} desk */
async function walkIn(desk) {
  const { main } = desk;
  const [walker] = desk.desk.walkers;
  const [, waiting, missing] = desk.desk.booked;
  if (!walker || !waiting || !missing) throw new Error('nobody walks in');
  await desk.begin(missing);
  await desk.otherwise('no_show');
  await desk.begin(waiting);
  await desk.checkIn(waiting);
  await desk.open('/walk-in');
  await desk.look('walk-in');
  await desk.go(main.locator('form[action$="/walk-in"] button'));
  await desk.look('walk-in, nothing typed');
  await desk.find(stranger(desk.desk));
  await desk.look('nobody was found');
  await desk.find(walker);
  await desk.look('a person');
  await desk.go(desk.formWith('act', 'book').first().locator('button'));
  await desk.look('a booking without reason');
  await desk.go(desk.formWith('act', 'give').first().locator('button'));
  await desk.look('a dose without lot');
  await desk.open('/close');
  await main.locator('details summary').click();
  await desk.look('the account with people waiting');
  await desk.go(desk.formWith('press', 'doses').locator('button'));
  await desk.look('doses to move, nothing typed');
  await desk.go(desk.formWith('press', 'close').locator('button'));
  await desk.look('it is not closed while people wait');
}

/** A camera that sees one code, and a browser that can read it. @param {string} digits */
function camera(digits) {
  const it = /** @type {any} */ (globalThis);
  let looks = 0;
  it.BarcodeDetector = class {
    async detect() {
      looks += 1;
      return looks < 3 ? [] : [{ rawValue: digits }];
    }
  };
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement('canvas');
    const draw = canvas.getContext('2d');
    setInterval(() => draw?.fillRect(0, 0, 9, 9), 50);
    return canvas.captureStream(20);
  };
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = [
  ...LANGUAGES.flatMap((language) => [
    {
      name: `${language}: the pages of a clinic are sound in light and dark, at 320 px, by keyboard and for axe`,
      run: async (/** @type {Stage} */ stage) => {
        const desk = await Desk.at(stage, { language });
        await quiet(desk);
        await walkIn(desk);
      },
    },
    {
      name: `${language}: a visit is sound in each of its states`,
      run: async (/** @type {Stage} */ stage) => {
        await visit(await Desk.at(stage, { language }));
      },
    },
    {
      name: `${language}: by an invitation of staff a password is chosen, and it is good for signing in`,
      run: async (/** @type {Stage} */ stage) => {
        const { url, invited } = stage.world.desk;
        const { username, token } = invited[language === 'ko' ? 0 : 1] ?? { username: '', token: '' };
        const visitor = await stage.visitor({ address: url, locale: language });
        const { page } = visitor;
        await visitor.open(`/${language}/invitation#${token}`);
        await expect(async () => (await page.locator('#token').inputValue()) === token, 'the script has put the invitation into the form');
        same(page.url().includes(token), false, 'it is not left in the address');
        await inspect(visitor, 'invitation');
        await page.locator('#password').fill('short');
        await page.locator('main form button').click();
        await page.locator('#errors').waitFor();
        await inspect(visitor, 'a password that is too short');
        await page.locator('#password').fill('four quiet words here');
        await page.locator('main form button').click();
        await page.locator('#username').waitFor();
        await inspect(visitor, 'sign-in after an invitation');
        await page.locator('#username').fill(username);
        await page.locator('#password').fill('wrong words are these');
        await page.locator('main form button').click();
        await page.locator('#errors').waitFor();
        await inspect(visitor, 'a wrong password');
        await page.locator('#password').fill('four quiet words here');
        await page.locator('main form button').click();
        await page.locator('.scan').waitFor();
      },
    },
    {
      name: `${language}: the call centre finds a clinic and a person, and books for them`,
      run: async (/** @type {Stage} */ stage) => {
        const desk = stage.world.desk.desks.at(-1);
        const username = stage.world.desk.call[language === 'ko' ? 0 : 1];
        const person = desk?.walkers[language === 'ko' ? 0 : 1];
        if (!desk || !person) throw new Error('nobody calls');
        const call = await Desk.at(stage, { language, desk, username });
        same(new URL(call.page.url()).pathname, `/${language}/call-centre`, 'the first page');
        await call.look('call centre');
        await call.page.locator('#q').fill(language === 'ko' ? '없는 곳' : 'Nowhere');
        await call.go(call.main.locator('form button'));
        await call.look('no clinic');
        await call.page.locator('#q').fill(language === 'ko' ? `행복${desk.clinic_id}의원` : `Haengbok Clinic ${desk.clinic_id}`);
        await call.go(call.main.locator('form button'));
        await call.look('a clinic');
        await call.go(call.main.locator('ul.cards a').first());
        await call.look('walk-in for the call centre');
        same(await call.main.locator('a[href$="/register"]').count(), 0, 'nobody is registered by telephone');
        await call.find(person);
        await call.look('a person for the call centre');
        same(await call.formWith('act', 'give').count(), 0, 'no dose is given by telephone');
        const book = call.formWith('act', 'book').first();
        await book.locator('input[name=slot]').last().check();
        await book.locator('input[name=why]').fill(language === 'ko' ? '전화로 요청' : 'Asked by telephone');
        await book.locator('input[name=consent]').first().check();
        await call.go(book.locator('button'));
        await call.main.locator('.note.done').waitFor();
        await call.look('booked by the call centre');
        const refused = await call.open('');
        same(refused?.status(), 404, 'the day of a clinic is not for the call centre');
      },
    },
    {
      name: `${language}: on paper a day and its account are whole, and in forced colours every edge is seen`,
      run: async (/** @type {Stage} */ stage) => {
        const desk = await Desk.at(stage, { language, colorScheme: 'dark' });
        const { page, visitor } = desk;
        /** @param {string} where @param {string[]} edges */
        const forced = async (where, edges) => {
          for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
            await page.emulateMedia({ forcedColors: 'active', colorScheme });
            const found = [...(await edgeless(page, edges)), ...(await unseen(page, edges))];
            visitor.found.push(...found.map((what) => `forced colours, ${colorScheme}, ${where}: ${what}`));
          }
          await page.emulateMedia({ forcedColors: null, colorScheme: 'dark' });
        };
        /** @param {string} where @param {string[]} there @param {string[]} away */
        const paper = async (where, there, away) => {
          same(await unseen(page, away), [], `the control: on the screen ${where} has all of it`);
          await page.emulateMedia({ media: 'print' });
          visitor.found.push(...(await unseen(page, there)).map((what) => `paper, ${where}: ${what} is missing`));
          same((await unseen(page, away)).sort(), [...away].sort(), `${where}: what is not on paper`);
          const [ink, sheet] = await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]);
          same([ink, sheet], ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'], 'ink and paper');
          const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
          await page.emulateMedia({ media: null });
          return pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
        };
        await desk.open('');
        await forced('today', ['.scan', '#number', '.scan button', '.tag', '.glance>div']);
        const sheets = [await paper('today', ['.place', 'h1', 'tbody th', '.tag', '.glance dd'], ['.scan', 'nav.pages', '.who', '[data-print]'])];
        await desk.begin(/** @type {any} */ (desk.desk.booked[0]));
        await forced('visit', ['form.card', '#born', 'form.card button']);
        await desk.open('/week');
        sheets.push(await paper('week', ['h1', 'tbody th', 'tbody td'], ['nav.pages', '[data-print]', '.steps']));
        await desk.open('/close');
        await forced('close', ['form.card', '#note', 'form.card button']);
        sheets.push(await paper('close', ['h1', '#day-people', '#day-doses', 'tbody td'], ['nav.pages', '[data-print]', 'form.card', 'details']));
        same(sheets.every((one) => one === 1), true, `sheets of paper: ${sheets}`);
      },
    },
  ]),
  {
    name: 'the camera reads a code where the browser can, and is not offered where it cannot',
    async run(stage) {
      const desk = await Desk.at(stage, { language: 'en' });
      const [booked] = desk.desk.booked;
      if (!booked) throw new Error('nobody is booked');
      await desk.open('');
      same(await desk.main.locator('[data-camera]').isVisible(), false, 'a camera without a browser that reads codes');
      await desk.page.addInitScript(camera, booked.number.replaceAll(' ', ''));
      await desk.open('');
      const button = desk.main.locator('[data-camera]');
      await button.waitFor();
      await desk.leads(() => button.click(), 'the camera');
      same(new URL(desk.page.url()).pathname.endsWith(booked.booking_id), true, 'the visit of the code');
      // Whoever lets nobody use the camera is told so, and can type.
      await desk.page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('denied'));
      });
      await desk.open('');
      await button.click();
      await expect(async () => (await button.innerText()) === 'The camera cannot be used', 'it is said');
    },
  },
  {
    name: 'the page of the day renews itself for another desk, and keeps the focus',
    async run(stage) {
      const watcher = await Desk.at(stage, { language: 'ko' });
      const { page } = watcher;
      const [booked] = watcher.desk.booked;
      if (!booked) throw new Error('nobody is booked');
      await page.clock.install();
      await watcher.open('');
      const row = `b${booked.booking_id.replaceAll('-', '')}`;
      await page.locator(`#${row}`).focus();
      const other = await Desk.at(stage, { language: 'ko', desk: watcher.desk });
      await other.begin(booked);
      await other.checkIn(booked);
      await expect(async () => {
        await page.clock.runFor(1_000);
        return (await watcher.glance()).waiting === 1;
      }, 'a check-in at another desk is seen without a reload');
      await expect(async () => {
        await page.clock.runFor(1_000);
        return (await watcher.main.locator(`tr:has(#${row}) .tag.wait`).count()) === 1;
      }, 'the list says it too');
      same(await watcher.focused(), row, 'the focus stays');
      // Under the hand of a scanner the same page still takes the next code.
      await watcher.scan(booked);
      same(new URL(page.url()).pathname.endsWith(booked.booking_id), true, 'a scan from a link of the list');
    },
  },
  ...[768, 1024, 1920, 2560].map((width) => ({
    name: `no page of a clinic is wider than a screen of ${width} px`,
    run: async (/** @type {Stage} */ stage) => {
      const desk = await Desk.at(stage, { language: 'en', desk: stage.world.desk.desks.at(-1), viewport: { width, height: 900 } });
      for (const path of ['', '/week', '/walk-in', '/close', `/bookings/${desk.desk.booked[0]?.booking_id}`]) {
        await desk.open(path);
        const wide = await desk.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) desk.visitor.found.push(`overflow: ${path} by ${wide} px at ${width}`);
      }
    },
  })),
  {
    name: 'a day of a clinic is light',
    async run(stage) {
      const desk = await Desk.at(stage, { language: 'ko', desk: stage.world.desk.desks.at(-1) });
      // As on the first morning: nothing is in the browser yet.
      await desk.visitor.wire?.send('Network.setCacheDisabled', { cacheDisabled: true });
      desk.visitor.weigh();
      await desk.open('');
      const { bytes, requests } = desk.visitor.weigh();
      same(bytes > 1_000 && bytes <= BYTES_MAX, true, `${bytes} bytes in ${requests.length} requests`);
      return `${bytes} bytes in ${requests.length} requests`;
    },
  },
];
