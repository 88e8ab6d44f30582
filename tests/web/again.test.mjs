// The module that tries again by itself, without a browser: a page, its clock and its timers are
// made here.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import vm from 'node:vm';

const source = await readFile(new URL('../../src/web/assets/again.js', import.meta.url), 'utf8');

/**
 * A page that counts five seconds down. `old` browsers cannot send a form as a press does.
 * @param {{ hasForm?: boolean, isOld?: boolean }} [kind]
 */
const opened = ({ hasForm = true, isOld = false } = {}) => {
  let now = 1e12;
  /** What timers go by. */
  let awake = 0;
  let timer = 0;
  let sent = 0;
  /** @type {Map<number, { at: number, run: () => void }>} */
  const timers = new Map();
  /** @type {Map<string, Set<() => void>>} */
  const heard = new Map();
  /** @param {string} of */
  const events = (of) => ({
    /** @param {string} name @param {() => void} run */
    addEventListener: (name, run) => heard.set(of + name, (heard.get(of + name) ?? new Set()).add(run)),
    /** @param {string} name @param {() => void} run */
    removeEventListener: (name, run) => heard.get(of + name)?.delete(run),
  });
  /** @param {string} name */
  const tell = (name) => {
    for (const run of [...(heard.get(name) ?? [])]) run();
  };
  const said = { dataset: { said: 'again in {}' }, textContent: '' };
  const stop = { onclick: () => {} };
  const send = () => {
    sent += 1;
  };
  const press = () => {
    tell('page submit');
    send();
  };
  const form = {
    ...events('form '),
    submit: send,
    requestSubmit: isOld ? undefined : () => press(),
  };
  const part = {
    hidden: true,
    dataset: { again: '5' },
    closest: () => (hasForm ? form : null),
    /** @param {string} name */
    getElementsByTagName: (name) => (name === 'p' ? [said] : [stop]),
  };
  const page = {
    ...events('page '),
    hidden: false,
    documentElement: { lang: 'en' },
    querySelectorAll: () => [part],
  };
  class Clock extends Date {
    static now() {
      return now;
    }
  }
  vm.runInNewContext(source, {
    document: page,
    addEventListener: events('window ').addEventListener,
    location: { reload: send },
    Date: Clock,
    /** @param {() => void} run @param {number} after */
    setTimeout: (run, after) => {
      timer += 1;
      timers.set(timer, { at: awake + after, run });
      return timer;
    },
    /** @param {number} id */
    clearTimeout: (id) => timers.delete(id),
  });
  return {
    part,
    said,
    stop,
    sent: () => sent,
    /** A hand presses the form's own button. */
    press,
    /** A hand presses the button of another form of the page. */
    pressElsewhere: () => tell('page submit'),
    /** A hand follows a link; the page stands there until the next one comes. */
    leave: () => tell('window beforeunload'),
    /** Somebody types into a field of the form. */
    type: () => tell('form input'),
    /** @param {boolean} isHidden */
    show: (isHidden) => {
      page.hidden = isHidden;
      tell('page visibilitychange');
    },
    /** The device sleeps: the clock goes on, and no timer. @param {number} seconds */
    sleep: (seconds) => {
      now += seconds * 1e3;
    },
    /** @param {number} seconds */
    pass: (seconds) => {
      for (let second = 0; second < seconds; second += 1) {
        now += 1e3;
        awake += 1e3;
        for (const [id, { at, run }] of [...timers]) {
          if (at <= awake) {
            timers.delete(id);
            run();
          }
        }
      }
    },
  };
};

test('it counts the seconds and sends once', () => {
  for (const kind of [{}, { isOld: true }, { hasForm: false }]) {
    const page = opened(kind);
    assert.equal(page.part.hidden, false);
    assert.equal(page.said.textContent, 'again in 5 seconds');
    page.pass(4);
    assert.equal(page.said.textContent, 'again in 1 second');
    assert.equal(page.sent(), 0);
    page.pass(100);
    assert.equal(page.sent(), 1);
    page.show(true);
    page.show(false);
    assert.equal(page.sent(), 1);
  }
});

test('told not to, it does not', () => {
  const page = opened();
  page.stop.onclick();
  page.pass(100);
  page.show(false);
  assert.deepEqual([page.sent(), page.part.hidden], [0, true]);
});

test('who presses something else on the page, or goes on by a link, is not interrupted', () => {
  for (const go of [/** @type {const} */ ('pressElsewhere'), /** @type {const} */ ('leave')]) {
    const page = opened();
    page[go]();
    page.pass(100);
    page.show(false);
    assert.deepEqual([page.sent(), page.part.hidden], [0, true], go);
  }
});

test('pressed by hand, it is not sent a second time', () => {
  const page = opened();
  page.pass(3);
  page.press();
  assert.deepEqual([page.sent(), page.part.hidden], [1, true]);
  page.pass(100);
  page.show(false);
  assert.equal(page.sent(), 1);
});

test('who changes what they typed sends it themselves', () => {
  const page = opened();
  page.pass(3);
  page.type();
  page.pass(100);
  assert.deepEqual([page.sent(), page.part.hidden], [0, true]);
});

test('a page that nobody looks at waits, and goes on when it is shown soon', () => {
  const page = opened();
  page.show(true);
  page.pass(50);
  assert.equal(page.sent(), 0);
  page.show(false);
  assert.equal(page.sent(), 1);
});

test('hours later it is left to the button', () => {
  const hidden = opened();
  hidden.show(true);
  hidden.pass(5 + 61);
  hidden.show(false);
  assert.deepEqual([hidden.sent(), hidden.part.hidden], [0, true]);
  // A phone that slept wakes up with the page in view, and its timer goes on.
  const asleep = opened();
  asleep.pass(2);
  asleep.sleep(3_600);
  asleep.pass(10);
  assert.deepEqual([asleep.sent(), asleep.part.hidden], [0, true]);
  // So too where its clock was set back meanwhile.
  const back = opened();
  back.sleep(-3_600);
  back.pass(10);
  assert.deepEqual([back.sent(), back.part.hidden], [0, true]);
});
