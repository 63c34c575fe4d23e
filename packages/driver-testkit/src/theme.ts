/** What the cases are about; each can be imported by itself. */
export const THEMES = [
  'contract',
  'lifetime',
  'partition',
  'order',
  'regions',
  'malformed',
  'hot-plug',
  'uncertainty',
] as const;

/** One of {@link THEMES}. */
export type Theme = (typeof THEMES)[number];
