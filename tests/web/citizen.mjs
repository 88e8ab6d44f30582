// A citizen and their way through the pages: by mouse or thumb, or by keyboard alone.

/**
 * @typedef {import('playwright-core').Locator} Locator
 * @typedef {import('./visitor.mjs').Visitor} Visitor
 * @typedef {import('./tell.mjs').Stage} Stage
 * @typedef {import('./world.mjs').Person} Person
 * @typedef {import('./world.mjs').Service} Service
 * @typedef {'ko' | 'en'} Language
 */

import { expect } from './expect.mjs';

/** The path of a booking after the language. */
export const BOOKING = '/bookings/[0-9a-f-]{36}';

/** Tabs until somebody gives up. */
const TABS_MAX = 80;
/** Everybody comes from an address of their own: the caps on codes go by it. */
let addresses = 0;

export class Citizen {
  /**
   * @param {Visitor} visitor
   * @param {{ service: Service, person: Person, language: Language, byKeyboard?: boolean }} who
   */
  constructor(visitor, { service, person, language, byKeyboard = false }) {
    this.visitor = visitor;
    this.page = visitor.page;
    this.main = visitor.page.locator('main');
    this.service = service;
    this.person = person;
    this.language = language;
    this.byKeyboard = byKeyboard;
  }

  /**
   * With a browser of their own.
   * @param {Stage} stage
   * @param {{ service?: Service, person?: Person, language: Language, byKeyboard?: boolean } & import('playwright-core').BrowserContextOptions} wishes
   */
  static async at(stage, { service = stage.world.open, person, language, byKeyboard, ...rest }) {
    const who = person ?? stage.world.open.people.shift();
    if (!who) throw new Error('nobody is left to come');
    addresses += 1;
    const visitor = await stage.visitor({
      address: service.url,
      locale: language === 'ko' ? 'ko-KR' : 'en-GB',
      extraHTTPHeaders: { 'x-forwarded-for': `10.0.${addresses >> 8}.${addresses & 255}` },
      secrets: [who.name, who.phone, who.birth_date, who.birth_date.replaceAll('-', '')],
      ...rest,
    });
    return new Citizen(visitor, { service, person: who, language, byKeyboard });
  }

  /** The same person at another device. @param {Stage} stage @param {import('playwright-core').BrowserContextOptions} [rest] */
  async elsewhere(stage, rest = {}) {
    const { service, person, language } = this;
    return Citizen.at(stage, { service, person, language, ...rest });
  }

  /** Presses a link or button, and waits for the page that it leads to. @param {Locator} what */
  async go(what) {
    const before = this.visitor.screens.length;
    if (this.byKeyboard) {
      await this.#tabTo(what);
      await this.visitor.press('Enter');
    } else {
      await what.click();
    }
    await expect(() => this.visitor.screens.length > before, `${what} leads somewhere`);
    await this.page.waitForLoadState('load');
  }

  /** As `go`, and whoever is asked who they are says so. @param {Locator} what */
  async goSignedIn(what) {
    await this.go(what);
    if (new URL(this.page.url()).pathname.endsWith('/sign-in')) await this.signIn();
  }

  /** Goes back, and sees what the browser has kept or asks for again. */
  async back() {
    // What the browser has kept does not load again, and what answered a form it does not show.
    await expect(async () => {
      const gone = await this.page.goBack({ waitUntil: 'commit' }).catch((error) => error);
      if (gone instanceof Error && !/ERR_CACHE_MISS/.test(gone.message)) throw gone;
      return true;
    }, 'the browser goes back');
    const isThere = () => this.page.evaluate(() => document.readyState === 'complete' && !document.body.hidden);
    await expect(isThere, 'the page before is shown', () => this.page.url());
  }

  /** @param {string} id @param {string} text */
  async fill(id, text) {
    const field = this.page.locator(`#${id}`);
    if (!this.byKeyboard) return field.fill(text);
    await this.#tabTo(field);
    await this.page.keyboard.type(text);
  }

  /** @param {Locator} what */
  async #tabTo(what) {
    await what.waitFor();
    const hasFocus = () => what.evaluate((it) => it === document.activeElement);
    if (!(await this.page.evaluate(() => document.activeElement?.closest('main')))) {
      // The first stop of every page leads past its head.
      await this.visitor.press('Tab');
      if (await hasFocus()) return;
      await this.visitor.press('Enter');
    }
    for (let n = 0; n < TABS_MAX; n += 1) {
      if (await hasFocus()) return;
      await this.visitor.press('Tab');
    }
    throw new Error(`${what} is not reached by Tab`);
  }

  /** Who they are, on the page that asks it. */
  async say() {
    await this.fill('name', this.person.name);
    await this.birth();
    await this.fill('phone', this.person.phone);
  }

  /** The same, sent; ends on the page that asks for the code. */
  async claim() {
    await this.say();
    await this.submit();
    await this.page.locator('#code').waitFor();
  }

  /** When they were born, in the three fields for it. */
  async birth() {
    const [year = '', month = '', day = ''] = this.person.birth_date.split('-');
    const parts = { year, month: String(Number(month)), day: String(Number(day)) };
    const order = /** @type {const} */ (['year', 'month', 'day']);
    // In the order in which the language writes it.
    for (const part of this.language === 'ko' ? order : order.toReversed()) {
      await this.fill(`birth-${part}`, parts[part]);
    }
  }

  /** The code that was sent for this page; undefined where none was. @returns {Promise<string | undefined>} */
  async code() {
    const kept = await this.main.locator('input[type=hidden]').evaluateAll((all) => all.map((it) => /** @type {HTMLInputElement} */ (it).value));
    const answer = await fetch(`${this.service.codes}/dev/codes`, { headers: { accept: 'application/json' } });
    const codes = /** @type {{ challenge_id: string, code: string }[]} */ (await answer.json());
    return codes.find(({ challenge_id }) => kept.includes(challenge_id))?.code;
  }

  /** From the page that asks who they are. */
  async signIn() {
    await this.claim();
    const code = await this.code();
    if (!code) throw new Error('no code was sent');
    await this.fill('code', code);
    await this.submit();
  }

  /** Sends the first form of the page as people do. */
  async submit() {
    if (this.byKeyboard && (await this.page.evaluate(() => document.activeElement?.matches('input')))) {
      const before = this.visitor.screens.length;
      await this.visitor.press('Enter');
      await expect(() => this.visitor.screens.length > before, 'Enter sends the form');
      await this.page.waitForLoadState('load');
    } else {
      await this.go(this.main.locator('form button').first());
    }
  }

  /** From the landing page to the page that asks where. */
  async begin() {
    await this.open('');
    await this.goSignedIn(this.main.locator(`a[href*="campaigns"][href$="clinics"]`).first());
  }

  /** From the page that asks where to the one that asks when. @param {number} [nth] of the days that are offered */
  async choosePlace(nth = 0) {
    await this.goSignedIn(this.main.locator('a[href*="/clinics/"]').nth(nth));
  }

  /** From the page that asks when to the one that sums up. @param {number} [nth] of the times that are offered */
  async chooseTime(nth = 0) {
    await this.goSignedIn(this.main.locator('a[href*="/check?"]').nth(nth));
  }

  /** From the landing page to the page that sums up. */
  async decide() {
    await this.begin();
    await this.choosePlace();
    await this.chooseTime();
  }

  /** The whole way. @returns {Promise<string>} the path of the booking after the language */
  async book() {
    await this.decide();
    await this.submit();
    return this.booked();
  }

  /** That they are booked. @returns {Promise<string>} the path of the booking after the language */
  async booked() {
    await this.isAt(`/${this.language}${BOOKING}`);
    await this.main.locator('.panel').waitFor();
    return new URL(this.page.url()).pathname.slice(3);
  }

  /** @param {string} path after the language */
  async open(path) {
    return this.visitor.open(`/${this.language}${path}`);
  }

  /** @param {string} path after the address */
  async isAt(path) {
    await expect(() => new RegExp(`^${path}$`).test(new URL(this.page.url()).pathname), `the page is ${path}`, () => this.page.url());
  }
}
