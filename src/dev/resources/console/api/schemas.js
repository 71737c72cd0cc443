// Names for the types of the contract. contract.d.ts is generated from openapi.yaml for the type check
// (CONTRIBUTING.md, "The console"); browsers never load it.

/** @typedef {import('./contract.js').paths} Paths */
/** @typedef {import('./contract.js').components['schemas']} Schemas */

/** @typedef {'get' | 'post' | 'put' | 'patch' | 'delete'} Method */

/**
 * The paths that have a method.
 * @template {Method} M
 * @typedef {{[P in keyof Paths]: Paths[P] extends {[K in M]: {responses: unknown}} ? P : never}[keyof Paths]} PathWith
 */

/**
 * The operation behind a method and a path.
 * @template {Method} M
 * @template {keyof Paths} P
 * @typedef {Paths[P] extends {[K in M]: infer O} ? O : never} Operation
 */

/**
 * The JSON of an operation's successful answer; undefined for 204.
 * @template O
 * @typedef {O extends {responses: {200: {content: {'application/json': infer J}}}} ? J
 *   : O extends {responses: {201: {content: {'application/json': infer J}}}} ? J : undefined} Answer
 */

/**
 * The JSON body of a request.
 * @template O
 * @typedef {O extends {requestBody?: {content: {'application/json': infer J}}} ? J : undefined} Body
 */

/**
 * The parameters in the path.
 * @template O
 * @typedef {O extends {parameters: {path: infer V}} ? V : {}} PathParameters
 */

/**
 * The parameters in the query.
 * @template O
 * @typedef {O extends {parameters: {query?: infer V}} ? V : {}} QueryParameters
 */

/**
 * The parameters in headers.
 * @template O
 * @typedef {O extends {parameters: {header?: infer V}} ? Omit<Partial<NonNullable<V>>, 'Idempotency-Key' | 'X-Request-ID'> : {}} HeaderParameters
 */

/** @typedef {Schemas['Task']} Task */
/** @typedef {Schemas['TaskDetail']} TaskDetail */
/** @typedef {Schemas['Note']} Note */

export {};
