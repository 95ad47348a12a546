/** The address as the browser came to it, before any page of ours tidied it: a consent returns with its code in it. */
export const arrivedAt = window.location.href
