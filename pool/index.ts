// The door of the pool.

export { type Element, ElementTable, type ElementType, INTERFACES } from './elements.ts'
