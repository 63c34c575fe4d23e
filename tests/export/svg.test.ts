import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toSvg } from '@iommu/export';
import { boot, type Machine } from '@iommu/machine';
import { endpoint, layOut, rootPort } from '@iommu/machine/build';
import { machineToJson } from '@iommu/machine/json';
import { expect, test } from 'vitest';
import { inBrowser } from '../support/browser.js';
import { iommu } from '../support/command.js';
import { allDrivers } from '../support/drivers.js';
import { temporaryFolder } from '../support/fake-root.js';
import { largeMachine } from '../support/large-machine.js';
import { needsProgram } from '../support/needs.js';

interface Seen {
  readonly isWellFormed: boolean;
  /** Of the image as a page shows it, in pixels. */
  readonly size: readonly [number, number];
  /** Of the title and the description of the whole. */
  readonly told: readonly (string | null)[];
  readonly boxes: readonly {
    readonly title: string;
    readonly texts: readonly string[];
    readonly outline: string;
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  }[];
  /** Texts that reach out of their box, and boxes that reach out of the drawing. */
  readonly outside: readonly string[];
}

/** What a browser makes of a drawing. */
const seen = (svg: string): Seen =>
  inBrowser<Seen>(
    `const isWellFormed = !new DOMParser().parseFromString(data, 'image/svg+xml').querySelector('parsererror');
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([data], { type: 'image/svg+xml' }));
    await image.decode();
    document.body.innerHTML = data;
    const drawing = document.querySelector('svg');
    const rim = drawing.getBoundingClientRect();
    const isOutside = (inner, outer) => inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5 ||
      inner.top < outer.top - 0.5 || inner.bottom > outer.bottom + 0.5;
    const outside = [];
    const boxes = [...drawing.querySelectorAll('g.device, g.bus')].map((box) => {
      const shape = box.querySelector('rect');
      const { left, top, right, bottom } = shape.getBoundingClientRect();
      const texts = [...box.querySelectorAll('text')];
      for (const text of texts)
        if (isOutside(text.getBoundingClientRect(), { left, top, right, bottom })) outside.push(text.textContent);
      if (isOutside({ left, top, right, bottom }, rim)) outside.push(box.querySelector('title').textContent);
      const outline = ['stroke', 'stroke-width', 'stroke-dasharray'].map((name) => shape.getAttribute(name)).join(' ');
      return { title: box.querySelector('title').textContent, texts: texts.map((one) => one.textContent), outline, left, top, right, bottom };
    });
    for (const text of drawing.querySelectorAll('text')) if (isOutside(text.getBoundingClientRect(), rim)) outside.push(text.textContent);
    const told = drawing.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id)?.textContent ?? null);
    return { isWellFormed, size: [image.naturalWidth, image.naturalHeight], told, boxes, outside };`,
    svg,
  );

const overlapping = ({ boxes }: Seen): string[] =>
  boxes.flatMap((one, at) =>
    boxes
      .slice(at + 1)
      .filter(
        (other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom,
      )
      .map((other) => `${one.title} / ${other.title}`),
  );

interface Groups {
  readonly groups: readonly { readonly id: number; readonly devices: readonly string[] }[];
  readonly ungrouped: readonly { readonly device: string }[];
}

const large = (): string => {
  const file = join(temporaryFolder(), 'large.json');
  writeFileSync(file, JSON.stringify(machineToJson(largeMachine())));
  return file;
};

test.for<readonly [what: string, file: () => string]>([
  ['a workstation', () => 'fixtures/authored/workstation-gpu.json'],
  ['256 virtual functions', () => 'fixtures/authored/server-vfs.json'],
  ['devices that are not on PCI', () => 'fixtures/authored/arm-two-smmus.json'],
  ['500 functions', large],
])(
  'a browser shows %s: every device once with its group, nothing over another, all text inside',
  ([, fileOf], context) => {
    needsProgram(context, 'chromium-headless-shell');
    const file = fileOf();
    const { groups, ungrouped }: Groups = JSON.parse(iommu(['groups', file, '--json', '--quiet']).stdout);
    const written = iommu(['export', file, '-f', 'svg', '--quiet']);
    expect(written).toMatchObject({ status: 0, stderr: '' });
    const drawing = seen(written.stdout);
    expect(drawing.isWellFormed).toBe(true);
    expect(drawing.outside).toEqual([]);
    expect(overlapping(drawing)).toEqual([]);
    const [title, summary] = drawing.told;
    expect(title).toMatch(/^IOMMU groups of authored: /);
    const devices = groups.flatMap((group) => group.devices);
    expect(summary).toContain(`${devices.length + ungrouped.length} devices in ${groups.length} IOMMU groups`);
    const firstLines = drawing.boxes.map(({ texts }) => texts[0]?.replace(/\s+/g, ' '));
    for (const { id, devices: members } of groups) {
      for (const device of members)
        expect(firstLines.filter((line) => line === `${device} group ${id}`)).toHaveLength(1);
    }
    expect(drawing.boxes.filter(({ title }) => !/ bus/.test(title))).toHaveLength(devices.length + ungrouped.length);
    const [width, height] = drawing.size;
    expect(width).toBeGreaterThan(300);
    expect(height).toBeGreaterThan(100);
  },
);

test('500 functions make a page, not a strip', (context) => {
  needsProgram(context, 'chromium-headless-shell');
  const running = boot(largeMachine(), { drivers: allDrivers() });
  expect(running.devices.length).toBeGreaterThan(480);
  const [width, height] = seen(toSvg(running, () => 'x'.repeat(80))).size;
  expect(width / height).toBeGreaterThan(0.8);
  expect(width / height).toBeLessThan(2.5);
});

test('members of a group share an outline, those of the next have another line as well as another colour', (context) => {
  needsProgram(context, 'chromium-headless-shell');
  const { boxes } = seen(iommu(['export', 'fixtures/authored/workstation-gpu.json', '-f', 'svg', '-q']).stdout);
  const outlines = (group: string) =>
    new Set(boxes.filter(({ texts }) => texts[0]?.endsWith(group)).map(({ outline }) => outline));
  const [two, six, alone] = [outlines('group 2'), outlines('group 6'), outlines('group 4')];
  expect([two.size, six.size, alone.size]).toEqual([1, 1, 1]);
  const [first = '', second = '', third = ''] = [...two, ...six, ...alone];
  for (const part of [0, 2]) expect(first.split(' ')[part]).not.toBe(second.split(' ')[part]);
  expect(third).not.toBe(first);
  const bridge = boxes.find(({ title }) => title.startsWith('0000:00:01.0'));
  expect(bridge?.texts).toContain('root-port, no ACS, does not isolate');
});

test('whatever a dump calls a device comes out as it was, inside its box', (context) => {
  needsProgram(context, 'chromium-headless-shell');
  const names = [
    '<script>x</script>',
    ']]> &amp; "quoted"',
    '漢字'.repeat(15),
    'ﷺ'.repeat(20),
    'WWWWWWWW'.repeat(7),
    '\u{1f600}'.repeat(30),
  ];
  const pci = layOut([{ devices: names.map((_, at) => rootPort({ slot: at + 1, acs: true }, [endpoint()])) }]);
  const machine: Machine = { schema: 1, name: '<&"', pci };
  const drawing = seen(toSvg(boot(machine, { drivers: allDrivers() }), ({ rid }) => names[(rid >> 8) - 1]));
  expect(drawing).toMatchObject({ isWellFormed: true, outside: [] });
  expect(drawing.told[0]).toContain('<&"');
  for (const name of names) expect(drawing.boxes.filter(({ texts }) => texts.includes(name))).toHaveLength(1);
});
