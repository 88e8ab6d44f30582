// Takes the pictures of administrators' pages.

import { same } from './expect.mjs';
import { Office, day } from './office.mjs';

/** @typedef {import('./tell.mjs').Stage} Stage */
/** @typedef {(page: { page: import('playwright-core').Page }, name: string) => Promise<void>} Shoot */

/** Of the demonstration. @param {Stage} stage @param {'ko' | 'en'} language @param {string} name @param {import('playwright-core').BrowserContextOptions} wishes @param {Shoot} shoot */
async function round(stage, language, name, wishes, shoot) {
  const { open } = stage.world;
  const office = await Office.at(stage, language, { service: open, ...wishes });
  const shot = (/** @type {string} */ page) => shoot(office, `admin-${page}-${name}`);
  const campaign = `/admin/campaigns/${open.campaign_id}`;
  await office.open('/admin');
  await shot('campaigns');
  await office.open(campaign);
  await shot('campaign');
  await office.open(`${campaign}/pause`);
  await shot('step');
  await office.open('/admin/supply');
  await shot('supply');
  await office.open('/admin/clinics/new');
  await shot('clinic');
  await office.send('register', `name,birth_date,phone,region_code\n김하나,1963-04-05,010-9999-0001,11\n이두리,1963-13-05,010-9999-0002,11\n`, 'people.csv');
  await shot('file');
  await office.open(`/admin/pools?campaign=${open.campaign_id}`);
  await office.go(office.main.locator('tbody th a').first());
  const pool = office.path();
  await office.open(`${pool}/receive`);
  await office.fill({ doses: '1,200', reason: language === 'ko' ? '월요일 입고' : 'Delivery of Monday' });
  await office.press(`${pool}/receive`);
  await office.open(`${pool}/split`);
  await office.choose({ over: 'regions', by: 'population' });
  await office.press(`${pool}/split`);
  await shot('split');
  await office.open('/admin/journal');
  await shot('journal');
}

/** A clinic that closes in the middle of the day. @param {Stage} stage @param {'ko' | 'en'} language @param {string} name @param {import('playwright-core').BrowserContextOptions} wishes @param {Shoot} shoot */
async function closure(stage, language, name, wishes, shoot) {
  const office = await Office.at(stage, language, wishes);
  const closures = `/admin/clinics/${stage.world.office[language].clinics[0]}/closures`;
  await office.open(closures);
  await office.fill({ from_date: day(0), reason_ko: '정전으로 오늘은 접종하지 않습니다', reason_en: 'The power is out' });
  await office.press(closures);
  await shoot(office, `admin-hit-${name}`);
  await office.press(closures, 'close');
  await office.until(async () => (await office.figure(1)) === 3, 'three are reached by a message');
  await shoot(office, `admin-closure-${name}`);
  same(office.path(), `${closures}/${day(0)}`, 'the closed day');
  await office.press(`${closures}/${day(0)}/open`);
}

/** @param {Stage} stage @param {'ko' | 'en'} language @param {string} name @param {import('playwright-core').BrowserContextOptions} wishes @param {Shoot} shoot */
export async function pictures(stage, language, name, wishes, shoot) {
  await round(stage, language, name, wishes, shoot);
  await closure(stage, language, name, wishes, shoot);
}
