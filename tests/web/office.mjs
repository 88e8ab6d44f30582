// An administrator and what they do on their pages: opens, types, presses, sends files, downloads.

import { readFile } from 'node:fs/promises';
import { examine } from './examine.mjs';
import { expect, reload, same } from './expect.mjs';
import { forced, wide } from './screen.mjs';
import { inspect } from './story/page.mjs';

/**
 * @typedef {import('./tell.mjs').Stage} Stage
 * @typedef {import('./visitor.mjs').Visitor} Visitor
 * @typedef {import('playwright-core').Locator} Locator
 * @typedef {'ko' | 'en'} Language
 */

/** The date in so many days by the clock of Seoul, where every clinic of the stories is. @param {number} days */
export const day = (days) => new Date(Date.now() + days * 864e5 + 9 * 36e5).toISOString().slice(0, 10);

export class Office {
  /** @param {Visitor} visitor @param {Language} language */
  constructor(visitor, language) {
    this.visitor = visitor;
    this.page = visitor.page;
    this.main = visitor.page.locator('main');
    this.language = language;
  }

  /**
   * With a browser of their own, signed in.
   * @param {Stage} stage
   * @param {Language} language
   * @param {{ service?: { url: string, username: string, password: string }, username?: string } & import('playwright-core').BrowserContextOptions} [wishes]
   */
  static async at(stage, language, { service = stage.world.office[language], username = service.username, ...rest } = {}) {
    const visitor = await stage.visitor({
      address: service.url,
      locale: language === 'ko' ? 'ko-KR' : 'en-GB',
      viewport: { width: 1280, height: 900 },
      ...rest,
    });
    const office = new Office(visitor, language);
    await office.open('/sign-in/staff');
    await office.fill({ username, password: service.password });
    await office.press('/sign-in/staff');
    await office.isAt('/admin');
    return office;
  }

  /** @param {string} path after the language */
  async open(path) {
    return this.visitor.open(`/${this.language}${path}`);
  }

  /** @param {string} path after the language */
  async isAt(path) {
    const wanted = `/${this.language}${path}`;
    await expect(() => new URL(this.page.url()).pathname === wanted, `the page is ${path}`, () => this.page.url());
  }

  /** The path of the page after the language. */
  path() {
    return new URL(this.page.url()).pathname.slice(3);
  }

  /** @param {Record<string, string>} fields */
  async fill(fields) {
    for (const [id, text] of Object.entries(fields)) await this.page.locator(`#${id}`).fill(text);
  }

  /** @param {Record<string, string>} fields what is chosen, by the id of the list or the name of the buttons */
  async choose(fields) {
    for (const [id, value] of Object.entries(fields)) {
      const radio = this.main.locator(`input[type=radio][name="${id}"][value="${value}"]`);
      if (await radio.count()) await radio.check();
      else await this.page.locator(`select[name="${id}"]`).selectOption(value);
    }
  }

  /** Presses, and waits for the page that it leads to. @param {Locator} what */
  async go(what) {
    const before = this.visitor.screens.length;
    await what.click();
    await expect(() => this.visitor.screens.length > before, `${what} leads somewhere`);
    await this.page.waitForLoadState('load');
  }

  /** Presses a button of the form, the first where none is named. @param {string} action how the form's action ends, but for its query @param {string} [button] */
  async press(action, button) {
    const form = this.main.locator(`form[action$="${action}"], form[action*="${action}?"]`);
    await this.go(button ? form.locator(`button[name="${button}"]`) : form.locator('button').first());
  }

  /** Follows the link. @param {string} href how it ends */
  async follow(href) {
    await this.go(this.main.locator(`a[href$="${href}"]`).first());
  }

  /** What the page says. */
  async said() {
    return (await this.main.innerText()).replaceAll(/\s+/g, ' ');
  }

  /** Fails unless the page says it. @param {string | RegExp} what */
  async says(what) {
    const text = await this.said();
    const is = typeof what === 'string' ? text.includes(what) : what.test(text);
    if (!is) throw new Error(`the page says ${what}: not so. ${this.page.url()}: ${text}`);
  }

  /** That nothing was done, and where that is said. @param {string[]} fields ids */
  async refuses(fields) {
    const links = await this.main.locator('#errors a').evaluateAll((all) => all.map((it) => it.getAttribute('href')));
    same(links, fields.map((id) => `#${id}`), `what must be mended at ${this.path()}`);
  }

  /** A figure on top of the page. @param {number} nth */
  async figure(nth) {
    return Number((await this.main.locator('.glance dd').nth(nth).innerText()).replaceAll(/\D/g, ''));
  }

  /** Looks at the page in every way there is. @param {string} where */
  async look(where) {
    const named = `${this.language}, ${where}`;
    if (this.visitor.hasScript) await inspect(this.visitor, named);
    else this.visitor.found.push(...(await examine(this.visitor)).map((fault) => `${named}: ${fault}`));
    const found = [...(await wide(this.visitor)), ...(await forced(this.visitor))];
    this.visitor.found.push(...found.map((fault) => `${named}: ${fault}`));
  }

  /** What a press on the link brings as a file. @param {Locator} what @returns {Promise<string>} */
  async download(what) {
    const [file] = await Promise.all([this.page.waitForEvent('download'), what.click()]);
    return readFile(await file.path(), 'utf8');
  }

  /** Sends a file, which is tried; ends on its page. @param {string} kind @param {string} text @param {string} [name] */
  async send(kind, text, name = `${kind}.csv`) {
    await this.open(`/admin/imports/${kind}`);
    await this.page.locator('#file').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
    await this.press(`/admin/imports/${kind}`);
    await this.settle();
  }

  /** Loads the file whose page this is. */
  async load() {
    await this.press(new URL(this.page.url()).pathname);
    await this.settle();
    same(await this.main.locator('.tag.good').count(), 1, `${this.path()} is loaded`);
  }

  /** Until nothing runs any more. */
  async settle() {
    await expect(async () => {
      if ((await this.main.locator('[data-live]').count()) === 0) return true;
      await reload(this.page);
      return false;
    }, 'the file is done with');
  }

  /** Loads the page again until it is as it must be. @param {() => Promise<boolean>} holds @param {string} what */
  async until(holds, what) {
    const again = async () => {
      if (await holds()) return true;
      await reload(this.page);
      return false;
    };
    await expect(again, what, () => this.said());
  }
}
