import { type Page, wrapped } from './layout.js';

/** What a listing's lines begin with; what a terminal has no room for goes below what follows it. */
const LEAD = /^(?:IOMMU Group \S+ |No IOMMU Group | +)?(?:[\da-f:]+\.[0-7] )?/;

/** Terminals jump so far. */
const TAB = ' '.repeat(8);

/** A listing in the width of a page. */
export const fitListing = (text: string, page: Pick<Page, 'width'>): string =>
  text.replace(/[^\n]+/g, (line) => {
    const untabbed = line.replaceAll('\t', TAB);
    const [lead = ''] = LEAD.exec(untabbed) ?? [];
    return wrapped(page, lead, untabbed.slice(lead.length)).join('\n');
  });
