import { KERNEL_RULES, POLICIES } from '@iommu/machine';
import { policiesText } from '../src/policies-text.js';
import { describeTexts } from './support/pages.js';

describeTexts('policies', { all: (page) => policiesText(POLICIES, KERNEL_RULES, page) });
