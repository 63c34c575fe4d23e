import { check } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import { checkText } from '../src/check-text.js';
import { authored, booted, describeTexts, STYLE } from './support/pages.js';

const desktop = authored('workstation-gpu');
const groups = [...booted(desktop).iommu.groups].map(({ id, devices }) => ({
  id,
  devices: devices.map(({ name }) => name),
}));
/** As if its kernel had shown what is computed. */
const shown: Machine = { ...desktop, observed: { source: 'sysfs', groups } };

const compared = (machine: Machine, policy?: string) => {
  const report = check(booted(machine, policy), booted(machine, policy));
  if (!report) throw new Error('nothing observed');
  return report;
};

describeTexts('check', {
  equal: (page) => checkText(compared(shown), page, STYLE),
  differs: (page) => checkText(compared(shown, 'acs-override=downstream,multifunction'), page, STYLE),
});
