import { groupsReport } from '@iommu/analysis';
import { fitListing } from '../src/fit-listing.js';
import { listing } from '../src/listing.js';
import { authored, booted, describeTexts, STYLE } from './support/pages.js';

const running = booted(authored('workstation-gpu'));
const shown = (indent: boolean) => listing(groupsReport(running), running, { ...STYLE, indent, drivers: indent });

describeTexts('groups', {
  'a-line-a-device': (page) => fitListing(shown(false), page),
  'with-headings-and-drivers': (page) => fitListing(shown(true), page),
});
