import { expect, test } from 'vitest';
import { driverNames } from '../src/driver-names.js';
import { packageFiles } from '../src/package-files.js';

const ranges = { '@iommu/core': '^3.1.0', '@iommu/driver-testkit': '^2.0.1' };
const names = driverNames('@acme/x1-iommu');
const files = packageFiles(names, ranges);

test('a package has its source, tests, manifest, README, licence and workflow', () => {
  expect([...files.keys()]).toEqual([
    '.github/workflows/release.yml',
    'LICENSE',
    'README.md',
    '.gitignore',
    'package.json',
    'src/driver.ts',
    'src/index.ts',
    'src/parse-toyi.ts',
    'src/write-toyi.ts',
    'test/board.ts',
    'test/conformance.test.ts',
    'test/try.ts',
    'tsconfig.json',
  ]);
});

test('nothing but the table that is to be replaced has the name of the template', () => {
  const left = [...files].flatMap(([path, text]) =>
    [...text.matchAll(/\w*toy\w*/gi)]
      .map(([word]) => word)
      .filter((word) => !/toyi|Toyi|TOYI/.test(word))
      .map((word) => `${path}: ${word}`),
  );
  expect(left).toEqual([]);
});

test('the driver has its own name wherever it has one', () => {
  expect(files.get('src/index.ts')).toContain("export { x1Iommu, x1Iommu as default } from './driver.js';");
  const driver = files.get('src/driver.ts');
  for (const part of ["name: 'x1-iommu'", 'name: `x1-iommu$', 'class BoundX1 implements', 'interface X1Unit extends'])
    expect(driver).toContain(part);
  expect(files.get('README.md')).toMatch(/^# @acme\/iommu-driver-x1-iommu\n/);
  expect(files.get('LICENSE')).toContain('Copyright (c) The authors of @acme/iommu-driver-x1-iommu\n');
});

test('its manifest asks for what works together, and of what is not said for what the template does', () => {
  expect(JSON.parse(files.get('package.json') ?? '')).toMatchObject({
    name: '@acme/iommu-driver-x1-iommu',
    dependencies: { '@iommu/core': '^3.1.0', '@iommu/firmware': '^0.1.0', '@iommu/pci': '^0.1.0' },
    devDependencies: {
      '@iommu/driver-testkit': '^2.0.1',
      '@iommu/machine': '^0.1.0',
      typescript: expect.stringMatching(/^\d/),
    },
  });
});

test('a name with what is renamed in it is not renamed twice', () => {
  const nested = packageFiles(driverNames('toy-toyIommu'.toLowerCase()), {});
  expect(JSON.parse(nested.get('package.json') ?? '')).toMatchObject({ name: 'iommu-driver-toy-toyiommu' });
  expect(nested.get('src/driver.ts')).toContain("name: 'toy-toyiommu'");
});
