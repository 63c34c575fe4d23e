import { relative } from 'node:path';
import { viable, viableSchema, whyNone, whyNoneSchema } from '@iommu/analysis';
import { dumpsIn, readMachine } from '@iommu/host';
import { boot } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { needsCorpus } from '../support/needs.js';
import { runs, sampled, sampleOf } from '../support/sweep.js';

const drivers = allDrivers();
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });

test('answers on real machines are as their schemas say, and ask for nothing outside the group', {
  timeout: 900_000,
}, async (context) => {
  const folder = needsCorpus(context, 'real/lspci-with-groups');
  const [isReport, isReason] = [ajv.compile(viableSchema), ajv.compile(whyNoneSchema)];
  const verdicts = new Set<string>();
  for (const path of sampled(
    dumpsIn(folder).filter((name) => !name.endsWith('.json')),
    8,
  )) {
    const machine = await readMachine(path, { attributes: true });
    const running = boot(machine, { drivers });
    const optimistic = boot(machine, { drivers, unknown: 'optimistic' });
    for (const { name } of sampleOf(running.devices, runs(60, 15))) {
      const shown = `${relative(folder, path)} ${name}`;
      const report = viable({ running, optimistic }, [name], { rule: 'owner' });
      expect(isReport(report), `${shown}: ${JSON.stringify(isReport.errors)}`).toBe(true);
      const reason = whyNone(running, name);
      expect(isReason(reason), `${shown}: ${JSON.stringify(isReason.errors)}`).toBe(true);
      const group = running.iommu.groups.of(running.device(name));
      expect(reason.causes.length, shown).toBe(group ? 0 : 1);
      verdicts.add(report.together.verdict);
      // Nothing that is said to be in the way is asked about itself, and all that is needed is in the group.
      for (const need of report.needs) {
        expect(need.device, shown).not.toBe(name);
        expect(
          group?.devices.map((one) => one.name),
          shown,
        ).toContain(need.device);
      }
      if (report.together.verdict === 'viable') expect(report.needs, shown).toEqual([]);
    }
  }
  expect(verdicts).toContain('viable');
  expect(verdicts).toContain('not-viable');
});
