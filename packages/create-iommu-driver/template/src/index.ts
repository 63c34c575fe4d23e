export { toyIommu, toyIommu as default } from './driver.js';
export { parseToyi, type Toyi, type ToyiEntry } from './parse-toyi.js';
export { writeToyi } from './write-toyi.js';
