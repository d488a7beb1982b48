// Waiting in tests: always for something, always with a deadline.

/**
 * Resolves with the first answer that is not undefined or false.
 * @param what completes the sentence "waited for ..."
 */
export async function eventually<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let failure: unknown
  for (;;) {
    try {
      const answer = await check()
      if (answer !== undefined && answer !== false) return answer
      failure = undefined
    } catch (error) {
      failure = error
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}`, failure === undefined ? {} : { cause: failure })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The promise, or an error when it takes longer. */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs / 1000} s for ${what}`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
