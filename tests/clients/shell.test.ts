import { describe, expect, test } from 'vitest';
import { BACKINGS, type Described, groupOfEach, runInView, shellInRun, usualMachine } from '../support/clients.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';

const linesOf = (text: string): string[] => text.split('\n').filter(Boolean).sort();

/** What a search for links prints. */
const links = (machine: Described): string[] =>
  machine.groups
    .flatMap(({ id, devices }) => devices.map((name) => `/sys/kernel/iommu_groups/${id}/devices/${name}`))
    .sort();

/** As it stands in guides to passthrough, with what lspci says of each device. */
const LISTING = `
for d in $(find /sys/kernel/iommu_groups/ -type l | sort -n -k5 -t/); do
  n=\${d#*/iommu_groups/*}
  n=\${n%%/*}
  printf 'IOMMU Group %s ' "$n"
  lspci -nns "\${d##*/}"
done`;

describe.each(BACKINGS)('in a %s view', (_name, flags) => {
  test('a search for links finds every member of every group', async (context) => {
    needsNamespaces(context);
    const machine = await usualMachine();
    expect(linesOf(runInView(machine, ['find', '/sys/kernel/iommu_groups', '-type', 'l'], flags).stdout)).toEqual(
      links(machine),
    );
  });

  test('the loop of the guides lists every device with its group', async (context) => {
    needsNamespaces(context);
    needsProgram(context, 'lspci');
    const machine = await usualMachine();
    const listed = linesOf(shellInRun(machine, LISTING, flags).stdout).map((line) => {
      const [, group, slot] = /^IOMMU Group (\d+) (\S+) \S.* \[[0-9a-f]{4}:[0-9a-f]{4}\]/.exec(line) ?? [];
      return [`0000:${slot}`, Number(group)] as const;
    });
    expect(Object.fromEntries(listed)).toEqual(groupOfEach(machine));
  });

  test('a static program finds the same', async (context) => {
    needsNamespaces(context);
    needsProgram(context, 'busybox');
    const machine = await usualMachine();
    const { stdout } = runInView(machine, ['busybox', 'find', '/sys/kernel/iommu_groups', '-type', 'l'], flags);
    expect(linesOf(stdout)).toEqual(links(machine));
  });
});
