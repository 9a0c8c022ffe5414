/** National clouds; their tokens and addresses are not interchangeable. */
export const CLOUD_NAMES = ['global', 'usgov', 'usgovdod', 'china'] as const
export type CloudName = (typeof CLOUD_NAMES)[number]
