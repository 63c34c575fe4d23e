import { expect, test } from 'vitest';
import { escapePath, parseMounts } from '../../src/view/mounts.js';

test('reads place, type and options of each mount, whatever fields a kernel adds', () => {
  const text = [
    '23 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw',
    '24 28 0:22 / /sys ro,nosuid shared:7 master:1 - sysfs sysfs rw',
    '36 28 0:32 / /mnt/with\\040blank\\134 rw - fuse.iommu iommu rw,user_id=0',
    '',
  ].join('\n');
  expect(parseMounts(text)).toEqual([
    { at: '/proc', type: 'proc', options: ['rw', 'nosuid', 'nodev', 'noexec', 'relatime'] },
    { at: '/sys', type: 'sysfs', options: ['ro', 'nosuid'] },
    { at: '/mnt/with blank\\', type: 'fuse.iommu', options: ['rw'] },
  ]);
});

test('leaves out a line that is none', () => {
  expect(parseMounts('23 28 0:21 / /proc\nnonsense\n- - - -')).toEqual([]);
});

test('writes a path as the kernel does', () => {
  for (const path of ['/plain', '/with blank', '/tab\tand\nline', '/back\\slash', '/040']) {
    const [mount] = parseMounts(`1 2 0:3 / ${escapePath(path)} rw - tmpfs none rw`);
    expect(mount?.at).toBe(path);
  }
});
