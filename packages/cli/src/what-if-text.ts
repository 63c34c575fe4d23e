import type { WhatIfReport } from '@iommu/analysis';
import type { DeviceStyle } from './device-text.js';
import { type BothSides, GroupChangesText } from './group-changes-text.js';
import type { Page } from './layout.js';

/** A what-if for people; every line ends with a newline. */
export const whatIfText = (report: WhatIfReport, sides: BothSides, page: Page, style: DeviceStyle): string => {
  const text = new GroupChangesText(page, style, sides, report.moved);
  text.heading(report.changes.join(', '));
  const { groups } = report;
  const isSame = report.changed.length === 0;
  text.row(
    '',
    isSame
      ? `No group has other members: ${groups.after} groups.`
      : `${groups.before} groups before, ${groups.after} after.`,
  );
  text.pairs('Addresses that change', report.moved);
  text.devices('New', 'after', report.added);
  text.devices('Gone', 'before', report.removed);
  for (const one of report.changed) text.changed(one);
  text.ids(report.ids);
  text.types(report.types, () => []);
  return text.toString();
};
