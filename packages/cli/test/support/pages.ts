import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import type { DeviceStyle } from '../../src/device-text.js';
import { bundledDrivers } from '../../src/drivers.js';
import type { Page } from '../../src/layout.js';

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Without colours. */
const plain = (text: string): string => text.replace(ESCAPES, '');

const pageOf = (width: number, colour: boolean): Page => ({
  width,
  paint: (name, text) => (colour ? styleText(name, text, { validateStream: false }) : text),
});

export const STYLE: DeviceStyle = { ids: 'names', segment: false };

/** A machine of `fixtures/authored`. */
export const authored = (name: string): Machine =>
  machineFromJson(
    JSON.parse(readFileSync(new URL(`../../../../fixtures/authored/${name}.json`, import.meta.url), 'utf8')),
  );

export const drivers = bundledDrivers();

export const booted = (machine: Machine, policy?: string): RunningMachine =>
  boot(machine, { drivers, ...(policy !== undefined && { policy }) });

/** Hold texts for people against what they were at three widths, with colours and without. */
export const describeTexts = (prefix: string, texts: Readonly<Record<string, (page: Page) => string>>): void => {
  describe.each(Object.entries(texts))('%s', (name, write) => {
    test.each([80, 120, 200])('fits a terminal of %i columns', async (width) => {
      const text = write(pageOf(width, false));
      expect(text.split('\n').filter((line) => [...line].length > width)).toEqual([]);
      await expect(text).toMatchFileSnapshot(`snapshots/${prefix}-${name}-${width}.txt`);
    });

    test.each([80, 120, 200])('has the same words in colour on %i columns', async (width) => {
      const text = write(pageOf(width, true));
      expect(plain(text)).toBe(write(pageOf(width, false)));
      await expect(text).toMatchFileSnapshot(`snapshots/${prefix}-${name}-${width}-colour.txt`);
    });
  });
};
