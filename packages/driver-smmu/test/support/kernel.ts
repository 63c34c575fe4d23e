import type { Kernel } from '@iommu/core';
import { fakeKernel as anyKernel, type KernelSketch } from '../../../../tests/support/fake-kernel.js';

export type { KernelSketch };

export const fakeKernel = (sketch: KernelSketch = {}): Kernel => anyKernel({ arch: 'arm64', ...sketch });
