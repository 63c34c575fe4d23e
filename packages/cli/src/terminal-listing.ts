import { fitListing } from './fit-listing.js';
import { page } from './layout.js';

/** A listing in the width of the terminal; loaded only where there is one. */
export const forTerminal = (text: string): string => fitListing(text, page());
