import { type IdsReport, idsSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const recorded = 'fixtures/recorded/rules/sriov-igb-2-vfs.tar.gz';

test('fits the terminal, with the same words in colour', () => {
  const [bare, coloured] = [false, true].map((colour) => iommuAt(80, colour, ['ids', recorded, '--quiet']));
  expect(bare).toMatchObject({ status: 0, stderr: '' });
  expect(tooWide(bare?.stdout ?? '', 80)).toEqual([]);
  expect(plain(coloured?.stdout ?? '')).toBe(bare?.stdout);
});

test('prints JSON that its schema describes, with a name for every device', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(idsSchema);
  const report = JSON.parse(iommu(['ids', recorded, '--json']).stdout) as IdsReport;
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  const paths = [...report.groups.flatMap(({ devices }) => devices), ...report.ungrouped].map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toContain('0000:00:02.0/00.0/virtfn1');
});

test('says what cannot be read', () => {
  expect(iommu(['ids', 'no-such-file'])).toMatchObject({ status: 2, stdout: '' });
});
