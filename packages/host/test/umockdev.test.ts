import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { readText } from '../src/file-tree.js';
import { isUmockdev, readUmockdev } from '../src/umockdev.js';

const DEVICE = '/devices/pci0000:00/0000:00:1f.2';
const RECORD = `# made by hand
P: ${DEVICE}
N: fb0
E: DRIVER=foo
E: SUBSYSTEM=pci
H: config=0df01001
A: class=0x010601\\n
A: label=a\\\\b\\x41\\101
L: driver=../../../bus/pci/drivers/foo
L: iommu_group=../../../kernel/iommu_groups/4

P: /devices/virtual/other
A: dev=1:2
`;

test.each([
  [RECORD, true],
  [`P: ${DEVICE}\n`, true],
  [`\r\n  \n# x\r\n\nP: ${DEVICE}`, true],
  ['P: somewhere else', false],
  ['00:1f.2 SATA controller: Foo', false],
])('tells from %j whether it is a record', (text, is) => {
  expect(isUmockdev(text)).toBe(is);
});

test('tells at once that thousands of blank lines are no record', () => {
  expect(isUmockdev(`${'\n'.repeat(50_000)}x`)).toBe(false);
});

test('reads attributes with their escapes', () => {
  const tree = readUmockdev(RECORD);
  expect([readText(tree, `sys${DEVICE}/class`), readText(tree, `sys${DEVICE}/label`)]).toEqual(['0x010601', 'a\\bAA']);
});

test.each([
  ['a\\tb\\rc', 'a\tb\rc'],
  ['say \\"x\\"', 'say "x"'],
  ['\\303\\274 \\xc3\\xbc ü', 'ü ü ü'],
  ['\\7\\12', '\x07\n'],
  ['\\\\n', '\\n'],
])('reads %s as the text that was recorded', (escaped, text) => {
  const bytes = readUmockdev(`P: ${DEVICE}\nA: x=${escaped}\n`).read(`sys${DEVICE}/x`);
  expect(new TextDecoder().decode(bytes)).toBe(text);
});

test('refuses what is below a link', () => {
  expect(message(`P: ${DEVICE}\nL: a=../../..\nA: a/b=x\n`)).toMatch(/'.*\/a\/b' cannot be there: '.*\/a' is a link/);
});

test('reads binary attributes', () => {
  expect(readUmockdev(RECORD).read(`sys${DEVICE}/config`)).toEqual(Uint8Array.of(0x0d, 0xf0, 0x10, 0x01));
});

test('reads links', () => {
  expect(readUmockdev(RECORD).link(`sys${DEVICE}/driver`)).toBe('../../../bus/pci/drivers/foo');
});

test('puts PCI devices on their bus, and others not', () => {
  const tree = readUmockdev(RECORD);
  expect(tree.list('sys/bus/pci/devices')).toEqual(['0000:00:1f.2']);
  expect(tree.link('sys/bus/pci/devices/0000:00:1f.2')).toBe(`../../..${DEVICE}`);
});

test('reads line ends of Windows', () => {
  const tree = readUmockdev(RECORD.replaceAll('\n', '\r\n'));
  expect(readText(tree, 'sys/devices/virtual/other/dev')).toBe('1:2');
});

test('leaves lines before the first device alone', () => {
  expect(readUmockdev(`A: dev=1:2\nP: ${DEVICE}\n`).list(`sys${DEVICE}`)).toEqual([]);
});

const message = (text: string): string | undefined => {
  try {
    readUmockdev(text);
  } catch (error) {
    return isIommuError(error, 'ERR_HOST_INPUT') ? error.message : String(error);
  }
  return undefined;
};

test('refuses a device whose path leads upwards, with the line', () => {
  expect(message('# x\nP: /devices/../../etc/pci0000:00/x\n')).toBe(
    "line 2: path '/devices/../../etc/pci0000:00/x' leads upwards",
  );
});

test('leaves out an attribute whose path leads upwards', () => {
  const tree = readUmockdev(`P: ${DEVICE}\nA: ../../../../../../etc/passwd=x\n`);
  expect([tree.list(''), tree.list(`sys${DEVICE}`)]).toEqual([['sys'], []]);
});

test.each(['0df', '0dg0', '0d f0'])('refuses the binary attribute "%s", with the line', (value) => {
  expect(message(`P: ${DEVICE}\nH: config=${value}\n`)).toBe(
    'line 2: binary attribute is not pairs of hexadecimal digits',
  );
});
