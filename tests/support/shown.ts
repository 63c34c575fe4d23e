import { expect } from 'vitest';

/** Hold what was printed against what a text shows: a line that is only `…` stands for lines that are left out. */
export const expectParts = (printed: string, shown: string): void => {
  const parts = shown.split(/^…\n/m);
  if (parts.length === 1) {
    expect(printed).toBe(shown);
    return;
  }
  expect(printed.startsWith(parts[0] ?? '')).toBe(true);
  let rest = printed;
  for (const part of parts) {
    expect(rest).toContain(part);
    rest = rest.slice(rest.indexOf(part) + part.length);
  }
  if (parts.at(-1) !== '') expect(rest).toBe('');
};
