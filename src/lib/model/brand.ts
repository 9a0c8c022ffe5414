declare const brand: unique symbol

/** A string that must not be mixed up with other strings. */
export type Brand<T, Name extends string> = T & {readonly [brand]: Name}

/** Names one user of the source: the Username as it came, with the line added where it is not unique. */
export type SourceKey = Brand<string, 'SourceKey'>
/** Object id of an Entra user or group. */
export type ObjectId = Brand<string, 'ObjectId'>
/** Stable over runs: same user, same kind, same target gives the same id. */
export type ActionId = Brand<string, 'ActionId'>
export type RunId = Brand<string, 'RunId'>
