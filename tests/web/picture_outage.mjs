// The pictures of an evening on which the database is away, for docs/operations.md.

import { Clock, Outage } from './outage.mjs';

/** @typedef {(visitor: { page: import('playwright-core').Page }, name: string) => Promise<void>} Shoot */

const PHONE = { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** @param {import('./tell.mjs').Stage} stage @param {'ko' | 'en'} language @param {Shoot} shoot */
export async function outage(stage, language, shoot) {
  const name = (/** @type {string} */ page) => `${page}-phone-light-${language}`;
  await Outage.play(stage, language, async (outage) => {
    const citizen = await outage.citizen({ colorScheme: 'light', ...PHONE });
    await citizen.open('/sign-in');
    await citizen.signIn();
    await citizen.open(`/campaigns/${outage.service.campaign_id}/clinics?region=${outage.service.region_id}`);
    await citizen.choosePlace(-1);
    await citizen.chooseTime(-1);
    await new Clock(citizen.visitor).stop();
    const watcher = await outage.citizen({ colorScheme: 'light', ...PHONE });
    await outage.begins();
    await watcher.open('');
    await shoot(watcher, name('away'));
    await citizen.submit();
    await shoot(citizen, name('not-taken'));
    outage.forgive([citizen.visitor]);
  });
}
