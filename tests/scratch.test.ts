import { readdirSync, readFileSync, existsSync, statSync } from 'node:fs';
import { test } from 'vitest';
import { readMachine } from '../packages/host/src/index.js';
import { boot } from '../packages/machine/src/index.js';
import { groupsReport, check } from '../packages/analysis/src/index.js';
import { intelVtd } from '../packages/driver-intel-vtd/src/index.js';

const roots: string[] = [];
const walk = (d: string, depth = 0) => {
  if (existsSync(d + '/expected.json')) { roots.push(d); return; }
  if (depth > 4) return;
  for (const n of readdirSync(d)) if (statSync(d + '/' + n).isDirectory()) walk(d + '/' + n, depth + 1);
};
for (const r of (process.env.ROOTS ?? '/tmp/or/vtd /tmp/or/rules /tmp/or/pairs /tmp/heldout').split(' ')) walk(r);
test('all', async () => {
  let ok = 0, bad = 0;
  for (const d of roots.sort()) {
    const e = JSON.parse(readFileSync(d + '/expected.json', 'utf8'));
    if (e.iommu !== 'intel' && e.iommu !== 'none') continue;
    const m = await readMachine(d);
    const { observed, ...stripped } = m;
    const r = boot(stripped as any, { drivers: [intelVtd()] });
    const g = groupsReport(r);
    const c = check(boot(m, { drivers: [intelVtd()] }))!;
    const exp = e.groups.map((x: any) => ({ id: x.id, name: x.name, type: x.type, devices: [...x.devices].sort(), reservedRegions: x.reserved_regions }));
    const got = g.groups.map((x) => ({ ...x, devices: [...x.devices].sort() }));
    const problems: string[] = [];
    if (JSON.stringify(exp.map((x: any) => x.devices)) !== JSON.stringify(got.map((x) => x.devices))) problems.push('partition');
    if (JSON.stringify(exp) !== JSON.stringify(got)) problems.push('detail ' + JSON.stringify(exp.find((x: any, i: number) => JSON.stringify(x) !== JSON.stringify(got[i]))) + ' VS ' + JSON.stringify(got.find((x, i) => JSON.stringify(x) !== JSON.stringify(exp[i]))));
    const ung = g.ungrouped.map((u) => u.device).sort();
    if (JSON.stringify([...e.ungrouped].sort()) !== JSON.stringify(ung)) problems.push('ungrouped ' + JSON.stringify(e.ungrouped) + ' vs ' + JSON.stringify(ung));
    if (c.partition !== 'equal' || c.ids !== 'equal') problems.push('check ' + c.partition + ' ' + c.ids);
    const units = r.iommu.units.map((u) => u.name);
    if (JSON.stringify(units) !== JSON.stringify(e.iommus)) problems.push('units ' + units + ' vs ' + e.iommus);
    for (const u of r.iommu.units) for (const [f, v] of Object.entries(r.iommu.unitAttributes(u))) {
      const p = `${d}/sys/devices/virtual/iommu/${u.name}/${f}`;
      if (existsSync(p) && readFileSync(p, 'utf8').trim() !== v) problems.push(`${f}: ${v} vs ${readFileSync(p, 'utf8').trim()}`);
    }
    if (problems.length) { bad++; process.stdout.write(d+' '+problems.join('\n   ').slice(0, 600)+'\n'); } else ok++;
  }
  console.log({ ok, bad });
}, 120000);
