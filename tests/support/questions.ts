/**
 * The commands that answer a question about a dump, each with the words that ask it, of two of its devices where it takes
 * devices.
 */
export const QUESTIONS: Readonly<Record<string, (dump: string, one: string, other: string) => readonly string[]>> = {
  groups: (dump) => [dump],
  check: (dump) => [dump],
  explain: (dump, one, other) => [dump, one, other],
  'what-if': (dump, one) => [dump, 'remove', one],
  viable: (dump, one) => [dump, one],
  'why-none': (dump, one) => [dump, one],
  diff: (dump) => [dump, dump],
  p2p: (dump, one, other) => [dump, one, other],
  ids: (dump) => [dump],
  stale: (dump) => [dump],
  render: (dump) => [dump, '--text'],
};
