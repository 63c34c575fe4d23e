/**
 * A program in a mount namespace of its own that finds a modelled tree at `/sys`. Linux only; needs util-linux.
 *
 * @packageDocumentation
 */

export { enterView, type Modelled, type Place, type View } from './view/enter.js';
export { inMemory } from './view/in-memory.js';
export { type Entry, type Listing, listingOfFolder, listingOfTree } from './view/listing.js';
export { type Live, live } from './view/live.js';
export { planUnion, type Step } from './view/plan.js';
