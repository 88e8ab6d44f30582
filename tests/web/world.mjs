// What the Rust side has made: services, and who may book there.

import { readFile } from 'node:fs/promises';

/**
 * @typedef {{ name: string, name_en: string, birth_date: string, phone: string }} Person
 * @typedef {{ url: string, campaign_id: number }} Service
 * A service of its own, on a database of its own.
 * @typedef {object} World
 * @property {Service & { codes: string, people: Person[], other: Person }} open booking is open
 * @property {Service & { codes: string, people: Person[] }} before it opens in an hour
 * @property {Service} paused with a reason
 * @property {Service} empty every dose is booked
 */

/** @param {string} file @returns {Promise<World>} */
export async function read(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}
