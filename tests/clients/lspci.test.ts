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
