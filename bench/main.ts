import { compare } from './compare.js';
import { grouping } from './grouping.js';
import { hexDumpToGroups } from './hex-dump.js';
import { mount } from './mount.js';
import { questions } from './questions.js';
import { sinks } from './sinks.js';
import { start } from './start.js';
import type { Figure } from './support/measure.js';

const BENCHES = { 'hex-dump': hexDumpToGroups, grouping, start, questions, compare, sinks, mount };

const wanted = process.argv.slice(2).filter((name) => name !== '--');
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`${name} …`);
  figures.push(...(await bench()));
}
for (const { name, value, unit, bar, atLeast } of figures) {
  const met = atLeast ? value >= bar : value <= bar;
  const bound = atLeast ? 'at least' : 'at most';
  console.log(`${met ? 'met   ' : 'MISSED'} ${value.toFixed(2)}${unit}, ${bound} ${bar}${unit}: ${name}`);
}
