// For a partner's own pages: <script src="https://<your server>/app/connect.js" defer></script>
//
// <button data-sluis-connect="/my/links"> asks the partner's own server (POST, JSON {"url"}) for a link when it is
// pressed, and goes there with the whole page: no frame, no other window, no third party's cookies. On the page that
// customers return to, what the address tells is taken out of it and given as the event `sluis-connect`.
;(() => {
  const { origin } = new URL(document.currentScript.src)
  const tell = (target, detail) =>
    target.dispatchEvent(new CustomEvent('sluis-connect', { bubbles: true, detail }))

  const address = new URL(location.href)
  const told = Object.fromEntries(
    ['outcome', 'grant', 'reason', 'link', 'state'].map((name) => [name, address.searchParams.get(name)]),
  )
  if (told.outcome !== null && told.link?.startsWith('cnl_')) {
    for (const name of Object.keys(told)) address.searchParams.delete(name)
    history.replaceState(history.state, '', address)
    // Whoever listens does so by the time the page is there.
    if (document.readyState === 'complete') tell(document, told)
    else addEventListener('DOMContentLoaded', () => tell(document, told))
  }

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-sluis-connect]')
    if (button === null || event.defaultPrevented) return
    event.preventDefault()
    if (button.getAttribute('aria-busy') === 'true') return
    button.setAttribute('aria-busy', 'true')
    try {
      const answer = await fetch(button.dataset.sluisConnect, {
        method: 'POST',
        headers: { Accept: 'application/json' },
      })
      if (!answer.ok) throw new Error(`The link was not made: HTTP ${answer.status}.`)
      const url = new URL((await answer.json()).url)
      // Customers are sent to the page that this script is of, whatever the answer says.
      if (url.origin !== origin || url.pathname !== '/app/connect') {
        throw new Error(`The link does not lead to ${origin}/app/connect.`)
      }
      location.assign(url)
    } catch (error) {
      button.removeAttribute('aria-busy')
      tell(button, { outcome: 'failed', message: String(error.message) })
    }
  })
})()
