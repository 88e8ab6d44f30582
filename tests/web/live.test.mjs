// The arithmetic of the module that renews pages, without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

/** As much of a page as the module asks for when it begins. */
const page = { querySelectorAll: () => [], addEventListener() {}, documentElement: { lang: 'en' } };
Object.assign(globalThis, { document: page, addEventListener() {} });
/** Not by its name: here are Node's timers, there the browser's. @type {string} */
const module = '../../src/web/assets/live.js';
const { words } = await import(module);

/** @param {string} lang @param {number} seconds */
const said = (lang, seconds) => {
  page.documentElement.lang = lang;
  return words(seconds);
};

test('what is left is said in seconds only in the last minute', () => {
  assert.equal(said('en', 1), '1 second');
  assert.equal(said('en', 60), '60 seconds');
  assert.equal(said('en', 61), '2 minutes');
  assert.equal(said('en', 3_540), '59 minutes');
});

test('minutes are rounded up: nobody comes too late by what they read', () => {
  assert.equal(said('en', 3_541), '1 hour');
  assert.equal(said('en', 3_601), '1 hour 1 minute');
  assert.equal(said('en', 86_400), '1 day');
  assert.equal(said('en', 2 * 86_400 + 3 * 3_600 + 5 * 60), '2 days 3 hours 5 minutes');
});

test('in Korean too', () => {
  assert.equal(said('ko', 30), '30초');
  assert.equal(said('ko', 86_400 + 3_600 + 61), '1일 1시간 2분');
});
