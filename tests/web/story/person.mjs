// Persons of the register: found for a reason, corrected, merged, marked.

import { same } from '../expect.mjs';
import { Office } from '../office.mjs';
import { LANGUAGES } from './page.mjs';

/** @typedef {import('../tell.mjs').Stage} Stage */

/** @param {Stage} stage @param {'ko' | 'en'} language */
async function run(stage, language) {
  const service = stage.world.office[language];
  const person = (/** @type {number} */ nth) => {
    const one = service.people[nth];
    if (!one) throw new Error('nobody is there');
    return { ...one, path: `/admin/persons/${one.person_id}` };
  };
  const office = await Office.at(stage, language);
  const caller = person(20);
  await office.open('/admin/persons');
  await office.fill({ name: caller.name, birth_date: caller.birth_date });
  await office.press('/admin/persons');
  await office.refuses(['reason']);
  await office.fill({ reason: 'They called' });
  await office.press('/admin/persons');
  await office.look('who was found');
  await office.follow(caller.path);
  await office.says(caller.phone);

  await office.follow(`${caller.path}/correct`);
  await office.fill({ birth_date: '1962-13-01', reason: 'By their passport' });
  await office.press(`${caller.path}/correct`);
  await office.refuses(['birth_date']);
  await office.look('a correction that cannot be');
  await office.fill({ birth_date: caller.birth_date, name_ko: '김민지' });
  await office.press(`${caller.path}/correct`);
  await office.isAt(caller.path);
  await office.says('By their passport');
  await office.look('a person who was corrected');

  // Two who both have a dose of the same kind coming are not one person yet.
  const [left, right] = [person(10), person(11)];
  await office.open(`${left.path}/merge`);
  await office.fill({ into_person_id: String(right.person_id), reason: 'The same person' });
  await office.press(`${left.path}/merge`);
  same(await office.main.locator('#errors a').count(), 1, 'the merge is refused');
  await office.look('a merge that is refused');
  const [away, stays] = [person(12), person(13)];
  await office.open(`${away.path}/merge`);
  await office.fill({ into_person_id: String(stays.person_id), reason: 'Written twice' });
  await office.press(`${away.path}/merge`);
  await office.isAt(stays.path);
  await office.open(away.path);
  await office.look('a person who is another now');
  await office.follow(stays.path);

  const gone = person(14);
  await office.open(`${gone.path}/mark`);
  await office.choose({ mark: 'moved_away' });
  await office.fill({ reason: 'A letter came back' });
  await office.press(`${gone.path}/mark`);
  await office.isAt(gone.path);
  await office.says('A letter came back');
  await office.open(`/admin/looks?person=${caller.person_id}`);
  await office.look('who looked');
  await office.says('They called');
}

/** @type {import('../tell.mjs').Story[]} */
export const stories = LANGUAGES.map((language) => ({
  name: `${language}: a person is found, corrected, merged and marked`,
  run: (stage) => run(stage, language),
}));
