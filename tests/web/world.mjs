// What the Rust side has made: services, and who may book there.

import { readFile } from 'node:fs/promises';

/**
 * @typedef {{ name: string, birth_date: string, phone: string }} Person
 * @typedef {{ url: string, codes: string, campaign_id: number, people: Person[] }} Service
 * A service of its own, on a database of its own, and people who may book there.
 * @typedef {Service & { slot_id: number, product_id: number }} Small
 * @typedef {Person & { booking_id: string, number: string }} Booked
 * @typedef {{ clinic_id: number, username: string, booked: Booked[], later: Booked[], walkers: Person[] }} DeskOf
 * A clinic whose day has begun: who is booked for today and for tomorrow, and who has no booking.
 * @typedef {Service & { username: string, second: string, password: string, nation: number, clinics: number[], people: (Person & { person_id: number })[] }} Office
 * Two administrators, and people who are booked today at the first clinic, whose day is in its middle.
 * @typedef {Service & { switch: string, second_id: number, region_id: number, username: string, password: string, desks: DeskOf[] }} Away
 * A service whose database a switch takes away; nobody of its people has a booking.
 * @typedef {object} World
 * @property {Service & { others: Person[], username: string, password: string }} open booking is open; the others are too young for it
 * @property {Small} before it opens in an hour
 * @property {Small} paused with a reason
 * @property {Small} empty every dose is booked
 * @property {Record<'ko' | 'en', Office>} office of administrators, once a language
 * @property {Record<'ko' | 'en', Away>} outage one a language
 * @property {Record<'ko' | 'en', { url: string, username: string, password: string }>} blank nothing is there but an administrator, once a language
 * @property {{ url: string, password: string, call: [string, string], invited: { username: string, token: string }[], desks: DeskOf[] }} desk a desk for each story
 */

/** @param {string} file @returns {Promise<World>} */
export async function read(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}
