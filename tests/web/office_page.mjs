// Every page of administrators that is opened by its address.

/** @typedef {import('./world.mjs').Office} Office */

/** After the language, in three parts that are gone through side by side. @param {Office} office @param {string} today @returns {Record<string, string[]>} */
export function pages({ campaign_id, nation, clinics, people }, today) {
  const campaign = `/admin/campaigns/${campaign_id}`;
  const pool = `/admin/pools/${nation}`;
  const clinic = `/admin/clinics/${clinics[1]}`;
  const person = `/admin/persons/${people[20]?.person_id}`;
  const of = (/** @type {string} */ path, /** @type {string[]} */ rest) => rest.map((one) => `${path}${one}`);
  return {
    campaigns: [
      ...of('/admin', ['', '/campaigns/new', '/users', '/looks', '/journal']),
      ...of(campaign, ['', '/settings', '/products', '/cohorts', '/cohorts/1/end', '/tranches', '/check', '/pause', '/close']),
    ],
    doses: [
      ...of('/admin', ['/supply', '/pools', `/pools/new?campaign=${campaign_id}`]),
      ...of(pool, ['', '/receive', '/transfer', '/lose', '/below', '/split']),
      ...of('/admin/imports', ['', '/register', '/slots', '/allocations', '/users']),
    ],
    places: [
      ...of('/admin', ['/clinics', '/clinics?q=nowhere', '/clinics/new', '/persons']),
      ...of(clinic, ['', '/correct', '/hours', '/closures', `/closures/${today}`]),
      ...of(person, ['', '/correct', '/merge', '/mark']),
    ],
  };
}
