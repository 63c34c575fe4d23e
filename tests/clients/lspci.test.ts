import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boot } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import {
  BACKINGS,
  clientMachines,
  type Described,
  describeRecording,
  groupOfEach,
  runInView,
  runProgram,
} from '../support/clients.js';
import { root } from '../support/command.js';
import { allDrivers } from '../support/drivers.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';
import { renderedFolder } from '../support/rendered.js';
import { sampled } from '../support/sweep.js';

/** The groups in the text of lspci, which has a paragraph a device. */
const groupsIn = (text: string): Record<string, number> =>
  Object.fromEntries(
    text.split('\n\n').flatMap((paragraph) => {
      const [, name] = /^(\S+) /.exec(paragraph) ?? [];
      const [, group] = /^\tIOMMU group: (\d+)$/m.exec(paragraph) ?? [];
      return name !== undefined && group !== undefined ? [[name, Number(group)] as const] : [];
    }),
  );

const OPTIONS = ['-A', 'linux-sysfs', '-D', '-nn', '-vvv'];

const machines = await clientMachines();

test('every recording is there', () => {
  expect(machines.length).toBeGreaterThanOrEqual(140);
});

const expectGroups = ({ status, stdout, stderr }: ReturnType<typeof runProgram>, machine: Described): void => {
  expect({ status, stderr: stderr.replace(/^lspci: Unable to load libkmod resources.*\n/gm, '') }).toEqual({
    status: 0,
    stderr: '',
  });
  expect(groupsIn(stdout)).toEqual(groupOfEach(machine));
};

describe('lspci prints the group that the kernel formed for every device', () => {
  test.for(sampled(machines, 6, 51).map((one) => [one.name, one] as const))(
    'of %s, from a folder',
    ([, recording], context) => {
      needsProgram(context, 'lspci');
      const machine = describeRecording(recording);
      const folder = renderedFolder(machine);
      expectGroups(runProgram(['lspci', '-O', `sysfs.path=${folder}/sys/bus/pci`, ...OPTIONS]), machine);
    },
  );

  test.for(
    sampled(machines, 4, 52).flatMap((one) => BACKINGS.map(([name, flags]) => [one.name, name, one, flags] as const)),
  )('of %s, from a %s view', ([, , recording, flags], context) => {
    needsProgram(context, 'lspci');
    needsNamespaces(context);
    const machine = describeRecording(recording);
    expectGroups(runInView(machine, ['lspci', ...OPTIONS], flags), machine);
  });
});

/** The machines that were drawn by hand: nobody read configuration space of them. */
const AUTHORED = join(root, 'fixtures/authored');

test.for(readdirSync(AUTHORED).filter((name) => name.endsWith('.json')))(
  'lspci reads the headers and groups of %s, whose configuration space nobody read',
  (name, context) => {
    needsProgram(context, 'lspci');
    const file = join(AUTHORED, name);
    const running = boot(machineFromJson(JSON.parse(readFileSync(file, 'utf8'))), { drivers: allDrivers() });
    const groups = [...running.iommu.groups].map(({ id, devices }) => ({
      id,
      devices: [...devices].map((device) => device.name),
    }));
    const folder = renderedFolder({ file, groups });
    const result = runProgram(['lspci', '-O', `sysfs.path=${folder}/sys/bus/pci`, ...OPTIONS]);
    expectGroups(result, { file, groups });
    expect(result.stdout).toContain('Capabilities: <access denied>');
  },
);
