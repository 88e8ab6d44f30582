// A service whose database is away for as long as a story wants: one story at a time.

import { Citizen } from './citizen.mjs';
import { expect } from './expect.mjs';

/**
 * @typedef {import('./tell.mjs').Stage} Stage
 * @typedef {import('./visitor.mjs').Visitor} Visitor
 * @typedef {import('./world.mjs').Person} Person
 * @typedef {'ko' | 'en'} Language
 * @typedef {{ tells: boolean, is_well: boolean, booked: number, live: number, given: number, paused: number, codes: number }} Told
 * Whether pages tell of the outage, whether they tell of none, and what the database has written down.
 */

/** The last story of each service. @type {Map<Language, Promise<void>>} */
const turns = new Map();

/** What a browser says of a page that cannot be shown while the database is away. */
const EXPECTED = /^status: 503 for |^console: Failed to load resource: .* 503/;

export class Outage {
  /** @param {Stage} stage @param {Language} language */
  constructor(stage, language) {
    this.stage = stage;
    this.language = language;
    this.service = stage.world.outage[language];
  }

  /**
   * Plays when no other story has the service, and leaves it well.
   * @param {Stage} stage @param {Language} language @param {(outage: Outage) => Promise<void>} story
   */
  static async play(stage, language, story) {
    const outage = new Outage(stage, language);
    const before = turns.get(language) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => story(outage).finally(() => outage.ends()));
    turns.set(language, turn);
    await turn;
  }

  /** Turns the switch. @param {string} path @returns {Promise<Told>} how things are */
  async #turn(path) {
    const answer = await fetch(this.service.switch + path);
    return /** @type {Promise<Told>} */ (answer.json());
  }

  async told() {
    return this.#turn('/');
  }

  /** Every connection is closed, and new ones are refused; until pages tell of it. */
  async begins() {
    await this.#turn('/away');
    await expect(async () => (await this.told()).tells, 'pages tell that nothing can be booked');
  }

  /** Connections stay open, and nothing answers any more. */
  async freezes() {
    await this.#turn('/still');
    await expect(async () => (await this.told()).tells, 'pages tell that nothing can be booked');
  }

  async ends() {
    await this.#turn('/back');
    await expect(async () => (await this.told()).is_well, 'pages tell that all is well');
  }

  /** Somebody at a browser of their own. @param {{ person?: Person } & import('playwright-core').BrowserContextOptions} [wishes] */
  async citizen(wishes = {}) {
    const { service, language } = this;
    const { person = service.people.shift(), ...rest } = wishes;
    if (!person) throw new Error('nobody is left to come');
    return Citizen.at(this.stage, { service, person, language, ...rest });
  }

  /** What must have gone wrong for them did. @param {Visitor[]} visitors */
  forgive(visitors) {
    for (const visitor of visitors) {
      const others = visitor.found.filter((fault) => !EXPECTED.test(fault));
      if (others.length === visitor.found.length) throw new Error(`nothing was refused: ${visitor.screens}`);
      visitor.found = others;
    }
  }
}

/** The clock of a page stands, so that it can be looked at while it counts. */
export class Clock {
  #now = Date.now();

  /** @param {Visitor} visitor */
  constructor({ page, hasScript }) {
    this.page = page;
    this.hasScript = hasScript;
  }

  async stop() {
    if (this.hasScript) await this.page.clock.setFixedTime(this.#now);
  }

  /** @param {number} seconds */
  async pass(seconds) {
    this.#now += seconds * 1e3;
    await this.page.clock.setFixedTime(this.#now);
  }
}
