// Debian's Chromium, one for all.

import { chromium } from 'playwright-core';

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    // People's browsers keep the page that they left; going back must be as it is with them.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      // Root has no sandbox, and a container little /dev/shm.
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
