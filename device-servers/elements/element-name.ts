// The name of an element: the alias of its device, which people and scan files use.

/**
 * Alias of a device, or its name. A database that does not answer costs the nicer name, not the device.
 */
export async function elementName(device: {
  readonly name: string
  alias(): Promise<string | undefined>
}): Promise<string> {
  try {
    return (await device.alias()) ?? device.name
  } catch {
    return device.name
  }
}
