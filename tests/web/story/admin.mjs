// An administrator from an empty database to an open campaign, and the pages on the way.

import { examine } from '../examine.mjs';
import { expect, same } from '../expect.mjs';
import { LANGUAGES, inspect } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */
/** @typedef {import('../visitor.mjs').Visitor} Visitor */

/** @param {number} days */
const day = (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10);

class Office {
  /** @param {Visitor} visitor @param {'ko' | 'en'} language */
  constructor(visitor, language) {
    this.visitor = visitor;
    this.page = visitor.page;
    this.main = visitor.page.locator('main');
    this.language = language;
  }

  /** @param {string} path after the language */
  async open(path) {
    await this.visitor.open(`/${this.language}${path}`);
  }

  /** @param {Record<string, string>} fields */
  async fill(fields) {
    for (const [id, text] of Object.entries(fields)) await this.page.locator(`#${id}`).fill(text);
  }

  /** Presses the main button of a form, and waits for what it leads to. @param {string} action how the form's action ends */
  async press(action) {
    const before = this.visitor.screens.length;
    await this.main.locator(`form[action$="${action}"] button`).first().click();
    await expect(() => this.visitor.screens.length > before, `${action} leads somewhere`);
    await this.page.waitForLoadState('load');
  }

  /** @param {string} where */
  async look(where) {
    if (this.visitor.hasScript) return inspect(this.visitor, where);
    this.visitor.found.push(...(await examine(this.visitor)).map((fault) => `${where}: ${fault}`));
  }

  /** Tries a file and loads it. @param {string} kind @param {string} text */
  async load(kind, text) {
    await this.open(`/admin/imports/${kind}`);
    await this.look(`the form for ${kind}`);
    await this.page.locator('#file').setInputFiles({ name: `${kind}.csv`, mimeType: 'text/csv', buffer: Buffer.from(text) });
    await this.press(`/admin/imports/${kind}`);
    await this.settle();
    await this.look(`${kind} tried`);
    const job = new URL(this.page.url()).pathname;
    await this.press(job);
    await this.settle();
    same(await this.main.locator('.tag.good').count(), 1, `${kind} is loaded`);
    await this.look(`${kind} loaded`);
  }

  /** Until nothing runs any more. */
  async settle() {
    await expect(async () => {
      if ((await this.main.locator('[data-live]').count()) === 0) return true;
      await this.page.reload({ waitUntil: 'load' });
      return false;
    }, 'the file is done with');
  }

  /** @param {string} path of the campaign @param {string} word */
  async step(path, word) {
    await this.open(`${path}/${word}`);
    await this.look(`before ${word}`);
    for (const box of await this.main.locator('input[type=checkbox]').all()) await box.check();
    await this.fill({ reason_ko: '예고한 대로 합니다.', reason_en: 'As announced.' });
    await this.press(`${path}/${word}`);
    same(new URL(this.page.url()).pathname, `/${this.language}${path}`, `${word} leads to the campaign`);
    await this.look(`after ${word}`);
  }
}

/** The doses of the nation, by a program of theirs. @param {Stage} stage @param {'ko' | 'en'} language */
async function deliver(stage, language) {
  const { url, username, password } = stage.world.blank[language];
  /** @type {(path: string, body: object, token?: string) => Promise<any>} */
  const post = async (path, body, token) => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    const headers = { 'content-type': 'application/json', ...key, ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { token } = await post('/v1/auth/staff-sessions', { username, password });
  const { pool_id } = await post('/v1/admin/pools', { campaign_id: 1, product_id: 1 }, token);
  await post(`/v1/admin/pools/${pool_id}/receipts`, { doses: 100, reason: 'Delivered' }, token);
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.map((language) => ({
  name: `${language}: an administrator comes from an empty database to an open campaign`,
  async run(stage) {
    const { url, username, password } = stage.world.blank[language];
    const visitor = await stage.visitor({
      address: url,
      locale: language,
      javaScriptEnabled: true,
      viewport: { width: 1280, height: 900 },
    });
    const office = new Office(visitor, language);
    await office.open('/sign-in/staff');
    await office.fill({ username, password });
    await office.press('/sign-in/staff');
    await office.look('the first page');
    await office.open('/admin/campaigns/new');
    await office.fill({
      name_ko: '독감 1차',
      name_en: 'Flu, first dose',
      code: 'flu-1',
      course_code: 'flu',
      course_name_ko: '인플루엔자',
      opens_at: `${day(0)} 00:00`,
      closes_at: `${day(60)} 18:00`,
    });
    await office.look('a draft that is begun');
    await office.press('/admin/campaigns/new');
    const path = new URL(office.page.url()).pathname.slice(3);
    await office.look('the tasks');
    await office.open(`${path}/products`);
    await office.fill({ name_en: 'Vaxigrip', name_ko: '백시그리프', code: '150', doses_per_vial: '10' });
    await office.press(`${path}/products/new`);
    await office.page.locator('#product_1').check();
    await office.look('vaccines');
    await office.press(`${path}/products`);
    await office.open(`${path}/cohorts`);
    await office.fill({ name_ko: '어른', name_en: 'Adults', born_to: '2007-12-31' });
    await office.press(`${path}/cohorts`);
    await office.look('cohorts');
    await office.open(`${path}/tranches`);
    await office.look('tranches');
    await office.open(`${path}/settings`);
    await office.look('settings');
    await deliver(stage, language);
    await office.load('regions', 'code,name\n11,Seoul\n');
    await office.load(
      'clinics',
      'code,name,region_code,zone,address,phone,latitude,longitude\nC1,Clinic,11,Asia/Seoul,Street 1,02-000-0000,37.5,127.0\n',
    );
    const hours = 'clinic_code,weekdays,opens,closes,slot_minutes,seats_per_slot,from_date,to_date';
    await office.load('hours', `${hours}\nC1,mon-sun,09:00,18:00,60,20,${day(1)},${day(30)}\n`);
    await office.load('register', 'name,birth_date,phone,region_code\nKim Minji,1962-03-01,01012345678,11\n');
    const allocations = 'campaign_code,clinic_code,product_code,on_date,doses';
    await office.load('allocations', `${allocations}\nflu-1,C1,150,${day(2)},50\n`);
    await office.open(`${path}/check`);
    await office.look('the check');
    await office.step(path, 'publish');
    await office.step(path, 'open');
    for (const page of ['', '/imports', '/journal', '/users', '/looks']) {
      await office.open(`/admin${page}`);
      await office.look(`/admin${page}`);
    }
    same(await office.page.locator('h1').count(), 1, 'a heading');
    return `${visitor.screens.length} screens`;
  },
}));
