/** Whether the server says for certain that the statement did nothing. */
const didNothing = (error: unknown) => /^(22|23|40|42|54|55)/.test((error as { code?: string }).code ?? '')

/**
 * Does something for many, then alone and in their own time those for whom nothing was done: their rows were held by
 * somebody else, have moved on, or one of the others made the statement fail.
 */
export async function inCompany<In, Out>(
  items: readonly In[],
  nothing: Out,
  together: (items: readonly In[]) => Promise<readonly Out[]>,
  alone: (item: In) => Promise<Out>,
): Promise<readonly (Out | Promise<Out>)[]> {
  const results = await together(items).catch((error) => {
    if (didNothing(error)) return items.map(() => nothing)
    throw error
  })
  return items.map((item, index) => {
    const result = results[index] ?? nothing
    return result === nothing ? alone(item) : result
  })
}
