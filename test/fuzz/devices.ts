// Names of the devices of the program under attack.

/** The device that is attacked. */
export const VICTIM = 'test/every/1'
/** The device whose client must not notice. */
export const BYSTANDER = 'test/every/2'
