// Somebody at a clinic's desk, or of the call centre: with a mouse, by keyboard alone, with a scanner.

/**
 * @typedef {import('playwright-core').Locator} Locator
 * @typedef {import('./visitor.mjs').Visitor} Visitor
 * @typedef {import('./tell.mjs').Stage} Stage
 * @typedef {import('./world.mjs').Booked} Booked
 * @typedef {import('./world.mjs').Person} Person
 * @typedef {import('./world.mjs').DeskOf} DeskOf
 * @typedef {'ko' | 'en'} Language
 */

import { examine } from './examine.mjs';
import { expect, same } from './expect.mjs';
import { inspect } from './story/page.mjs';

/** Milliseconds between the keys of a hand scanner: faster than any hand. */
const SCANNER_MS = 2;
export const LOT = 'EW0182';

export class Desk {
  /** Presses that led somewhere since the last scan. */
  presses = 0;

  /**
   * @param {Visitor} visitor
   * @param {{ desk: DeskOf, language: Language, password: string, username: string }} who
   */
  constructor(visitor, { desk, language, password, username }) {
    this.visitor = visitor;
    this.page = visitor.page;
    this.main = visitor.page.locator('main');
    this.desk = desk;
    this.language = language;
    this.password = password;
    this.username = username;
  }

  /**
   * With a browser and a desk of their own, signed in.
   * @param {Stage} stage
   * @param {{ language: Language, place?: { url: string, password: string, desks: DeskOf[] }, desk?: DeskOf, username?: string } & import('playwright-core').BrowserContextOptions} wishes
   */
  static async at(stage, { language, place = stage.world.desk, desk = place.desks.shift(), username = desk?.username, ...rest }) {
    if (!desk || !username) throw new Error('no desk is left');
    const { url, password } = place;
    const people = [...desk.booked, ...desk.later, ...desk.walkers];
    const visitor = await stage.visitor({
      address: url,
      locale: language === 'ko' ? 'ko-KR' : 'en-GB',
      viewport: { width: 1024, height: 768 },
      secrets: people.flatMap(({ name, phone, birth_date }) => [name, phone, birth_date, birth_date.replaceAll('-', '')]),
      ...rest,
    });
    const at = new Desk(visitor, { desk, language, password, username });
    await at.signIn();
    return at;
  }

  async signIn() {
    await this.visitor.open(`/${this.language}/sign-in/staff`);
    await this.page.locator('#username').fill(this.username);
    await this.page.locator('#password').fill(this.password);
    await this.go(this.main.locator('form button').first());
  }

  /** @param {string} path after the clinic */
  async open(path) {
    return this.visitor.open(`/${this.language}/clinic/${this.desk.clinic_id}${path}`);
  }

  /** Does something that leads to another page, and waits for it. @param {() => Promise<void>} how @param {string} what */
  async leads(how, what) {
    const before = this.visitor.screens.length;
    await how();
    await expect(() => this.visitor.screens.length > before, `${what} leads somewhere`, () => this.page.url());
    await this.page.waitForLoadState('load');
  }

  /** Presses a link or button. @param {Locator} what */
  async go(what) {
    this.presses += 1;
    await this.leads(() => what.click(), String(what));
  }

  /** Presses Enter where the focus is. */
  async enter() {
    this.presses += 1;
    await this.leads(() => this.visitor.press('Enter'), 'Enter');
  }

  /** The form that makes this step. @param {string} step */
  form(step) {
    return this.main.locator(`form:has(input[name=step][value=${step}])`);
  }

  /** The form with this hidden field. @param {string} name @param {string} value */
  formWith(name, value) {
    return this.main.locator(`form:has(input[name=${name}][value=${value}])`);
  }

  /** Waits until something has the focus, which a browser gives a moment after the page stands there. */
  async untilFocused() {
    const hasFocus = () => document.activeElement !== document.body;
    await this.page.waitForFunction(hasFocus, undefined, { timeout: 2_000 }).catch(() => {});
  }

  /** What has the focus. */
  async focused() {
    await this.untilFocused();
    return this.page.evaluate(() => document.activeElement?.id ?? '');
  }

  /** A hand scanner types the number and Enter, wherever the focus is. @param {Booked} booked */
  async scan({ number }) {
    // Nobody scans before the page stands there with its field.
    await this.untilFocused();
    await this.leads(async () => {
      await this.page.keyboard.type(number.replaceAll(/\D/g, ''), { delay: SCANNER_MS });
      await this.page.keyboard.press('Enter');
    }, 'the scan');
    this.presses = 0;
  }

  /** From the first page of the day. @param {Booked} booked */
  async begin(booked) {
    await this.open('');
    same(await this.focused(), 'number', 'what has the focus on the page of the day');
    await this.scan(booked);
  }

  /** The person says when they were born, and is checked in. @param {Booked} booked */
  async checkIn({ birth_date }) {
    await this.page.locator('#born').fill(birth_date.replaceAll('-', ''));
    await this.go(this.form('arrive').locator('button'));
    await this.form('give').waitFor();
  }

  /** Everything is asked and answered. @param {Locator} form */
  async answer(form) {
    for (const box of await form.locator('input[type=checkbox]').all()) await box.check();
    const lot = form.locator('input[name=lot]');
    if (!(await lot.inputValue())) await lot.fill(LOT);
  }

  async give() {
    const form = this.form('give');
    await this.answer(form);
    await this.go(form.locator('button'));
    await this.tagged('good');
  }

  /** A dose for somebody without a booking, on the page of a person. */
  async giveNow() {
    const form = this.formWith('act', 'give').first();
    await this.answer(form);
    await this.go(form.locator('button'));
    await this.tagged('good');
  }

  async undo() {
    await this.go(this.form('undo').locator('button'));
  }

  /** Opens what else can happen, and presses that. @param {string} step */
  async otherwise(step) {
    const details = this.main.locator('details').first();
    if (!(await details.evaluate((it) => /** @type {HTMLDetailsElement} */ (it).open))) await details.locator('summary').click();
    await this.go(this.form(step).locator('button'));
  }

  /** The mark of the visit. @param {string} tone */
  async tagged(tone) {
    await this.main.locator(`.tag.${tone}`).first().waitFor();
  }

  /** Looks for somebody by name and date of birth. @param {Person} person */
  async find({ name, birth_date }) {
    await this.open('/walk-in');
    await this.page.locator('#name').fill(name);
    const [year = '', month = '', day = ''] = birth_date.split('-');
    for (const [part, text] of Object.entries({ year, month, day })) await this.page.locator(`#birth-${part}`).fill(text);
    await this.go(this.main.locator('form[action$="/walk-in"] button'));
  }

  /** The numbers on top of the day, by their keys. @returns {Promise<Record<string, number>>} */
  async glance() {
    const all = await this.main.locator('.glance dd').all();
    const pairs = all.map(async (it) => [await it.getAttribute('data-key'), Number((await it.innerText()).replaceAll(',', ''))]);
    return Object.fromEntries(await Promise.all(pairs));
  }

  /** @param {string} where */
  async look(where) {
    if (this.visitor.hasScript) return inspect(this.visitor, where);
    this.visitor.found.push(...(await examine(this.visitor)).map((fault) => `${where}: ${fault}`));
  }
}

/** Somebody whom the register does not know, another one for each desk. @param {DeskOf} desk @returns {Person} */
export function stranger({ clinic_id }) {
  const number = String(clinic_id).padStart(2, '0');
  return { name: `한새봄${'가나다라마바사아자차카타파하거너더러'[clinic_id % 18]}`, birth_date: `1964-09-${number}`, phone: `010-9999-00${number}` };
}
