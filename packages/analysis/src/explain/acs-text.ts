import type { ExplainedComponent } from './explain-report.js';

/** The state of ACS in a few words: `ACS SV+ RR- …` of what is advertised, as lspci spells it; `no ACS`; `ACS unread`. */
export const acsText = ({ acs, basis, kind }: ExplainedComponent): string => {
  if (acs === 'none') return kind === 'conventional' ? 'conventional PCI' : 'no ACS';
  if (acs === 'unknown') return 'ACS unread';
  const { capability, control } = acs;
  const on = new Set((control ?? '').split(' '));
  const names = (capability ?? '').split(' ').filter(Boolean);
  const list = names.map((name) => `${name}${control === null ? '?' : on.has(name) ? '+' : '-'}`).join(' ');
  return `ACS ${list || 'empty'}${basis === 'quirk' ? ', by quirk' : ''}`;
};
