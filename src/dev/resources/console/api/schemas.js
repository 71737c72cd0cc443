// Names for the types of the contract, which the SDK has.

/** @typedef {import('../sdk/index.js').Schemas} Schemas */
/** @typedef {Schemas['Task']} Task */
/** @typedef {Schemas['TaskDetail']} TaskDetail */
/** @typedef {Schemas['Note']} Note */

export {};
