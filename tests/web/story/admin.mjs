// An administrator from an empty database to an open campaign, and the pages on the way.

import { same } from '../expect.mjs';
import { Office, day } from '../office.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */

/** Takes a step of the campaign. @param {Office} office @param {string} path of the campaign @param {string} word */
async function step(office, path, word) {
  await office.open(`${path}/${word}`);
  await office.look(`before ${word}`);
  for (const box of await office.main.locator('input[type=checkbox]').all()) await box.check();
  await office.fill({ reason_ko: '예고한 대로 합니다.', reason_en: 'As announced.' });
  await office.press(`${path}/${word}`);
  await office.isAt(path);
}

/** Makes the pool of the nation, and takes a delivery in. @param {Office} office @param {string} path of the campaign */
async function deliver(office, path) {
  await office.open(path);
  await office.follow(`/admin/pools?campaign=${path.split('/').pop()}`);
  await office.follow(`/admin/pools/new?campaign=${path.split('/').pop()}`);
  await office.press(`/admin/pools/new?campaign=${path.split('/').pop()}`);
  const pool = office.path();
  await office.follow(`${pool}/receive`);
  await office.fill({ doses: '100', reason: 'Delivered' });
  await office.press(`${pool}/receive`);
  same(await office.figure(0), 100, 'doses in the pool');
}

/** By a page. @param {Office} office */
async function addClinic(office) {
  await office.open('/admin/clinics');
  await office.follow('/admin/clinics/new');
  await office.press('/admin/clinics/new');
  await office.refuses(['code', office.language === 'ko' ? 'name_ko' : 'name_en', 'region_id', 'address']);
  await office.look('a clinic that lacks something');
  const place = { latitude: '37.5', longitude: '127' };
  await office.fill({ code: 'C1', name_ko: '첫의원', name_en: 'First Clinic', address: 'Street 1', phone: '02-000-0000', ...place });
  await office.choose({ parking: 'yes' });
  await office.main.locator('select[name=region_id]').selectOption({ label: 'Seoul' });
  await office.press('/admin/clinics/new');
  await office.look('the clinic');
}

/** Tries a file and loads it. @param {Office} office @param {string} kind @param {string} text */
async function load(office, kind, text) {
  await office.send(kind, text);
  await office.load();
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.map((language) => ({
  name: `${language}: an administrator comes from an empty database to an open campaign`,
  async run(stage) {
    const office = await Office.at(stage, language, { service: stage.world.blank[language] });
    const { visitor } = office;
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
    await deliver(office, path);
    await load(office, 'regions', 'code,name\n11,Seoul\n');
    await addClinic(office);
    const hours = 'clinic_code,weekdays,opens,closes,slot_minutes,seats_per_slot,from_date,to_date';
    await load(office, 'hours', `${hours}\nC1,mon-sun,09:00,18:00,60,20,${day(1)},${day(30)}\n`);
    await load(office, 'register', 'name,birth_date,phone,region_code\nKim Minji,1962-03-01,01012345678,11\n');
    const allocations = 'campaign_code,clinic_code,product_code,on_date,doses';
    await load(office, 'allocations', `${allocations}\nflu-1,C1,150,${day(2)},50\n`);
    await office.open(`${path}/check`);
    await office.look('the check');
    await step(office, path, 'publish');
    await step(office, path, 'open');
    return `${visitor.screens.length} screens`;
  },
}));
