import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/*
 * A program that reads everything below a directory, again and again, until it is sent SIGTERM; then it says what it saw. A line
 * says that it has begun. It
 * becomes one file. Word: the `sys` of a mount.
 *
 * What it reads may vanish under its hands. But what it gets must be right: in one device's directory, vendor and device
 * belong together, and a group's links lead to what they are called.
 */
const [sys = ''] = process.argv.slice(2);

const errors: Record<string, number> = {};
const wrong: string[] = [];
let reads = 0;
let rounds = 0;
let isEnding = false;
process.on('SIGTERM', () => {
  isEnding = true;
});

const attempt = <T>(work: () => T): T | undefined => {
  reads += 1;
  try {
    return work();
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    errors[code] = (errors[code] ?? 0) + 1;
    return undefined;
  }
};

const readTree = (directory: string): void => {
  for (const entry of attempt(() => readdirSync(directory, { withFileTypes: true })) ?? []) {
    const path = join(directory, entry.name);
    const stat = attempt(() => lstatSync(path));
    if (stat && stat.isDirectory() !== entry.isDirectory()) wrong.push(`${path}: another type than listed`);
    if (entry.isDirectory()) readTree(path);
    else if (entry.isSymbolicLink()) attempt(() => readlinkSync(path));
    else if (((stat?.mode ?? 0) & 0o444) !== 0) attempt(() => readFileSync(path));
  }
};

const text = (name: string) => attempt(() => readFileSync(name, 'latin1').trim());

/** Both cards of the test have the same number as vendor and device. */
const lookAtDevice = (path: string): void => {
  const isInside = attempt(() => {
    process.chdir(path);
    return true;
  });
  if (!isInside) return;
  const [vendor, device, group] = [text('vendor'), text('device'), attempt(() => readlinkSync('iommu_group'))];
  if (vendor !== undefined && device !== undefined && /0x(?:1111|2222)/.test(vendor) && vendor !== device)
    wrong.push(`${path}: ${vendor} with ${device}`);
  if (group !== undefined && !/\/kernel\/iommu_groups\/\d+$/.test(group)) wrong.push(`${path}: in group ${group}`);
  attempt(() => readdirSync('.'));
  process.chdir('/');
};

const lookAtGroup = (path: string): void => {
  for (const name of attempt(() => readdirSync(join(path, 'devices'))) ?? []) {
    const target = attempt(() => readlinkSync(join(path, 'devices', name)));
    if (target !== undefined && basename(target) !== name) wrong.push(`${path}: ${name} leads to ${target}`);
    const type = text(join(path, 'type'));
    if (type !== undefined && !/^(?:DMA|DMA-FQ|identity|unknown)$/.test(type)) wrong.push(`${path}: of type ${type}`);
    attempt(() => statSync(join(path, 'devices', name)));
  }
};

const round = (): void => {
  rounds += 1;
  readTree(sys);
  const devices = join(sys, 'bus/pci/devices');
  for (const name of attempt(() => readdirSync(devices)) ?? []) lookAtDevice(join(devices, name));
  const groups = join(sys, 'kernel/iommu_groups');
  for (const name of attempt(() => readdirSync(groups)) ?? []) lookAtGroup(join(groups, name));
};

process.chdir('/');
process.stdout.write('begun\n');
const again = (): void => {
  // Once the mount is gone there is nothing to be read any more.
  const isOver = (errors['ENOTCONN'] ?? 0) + (errors['ECONNABORTED'] ?? 0) > 0;
  if (isEnding || isOver) {
    process.stdout.write(`${JSON.stringify({ rounds, reads, errors, wrong: wrong.slice(0, 20) })}\n`);
  } else {
    round();
    // A signal is heard between two rounds.
    setImmediate(again);
  }
};
again();
