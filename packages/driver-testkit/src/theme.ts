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

export type Theme = (typeof THEMES)[number];
