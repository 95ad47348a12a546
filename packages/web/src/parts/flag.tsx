type Stripes = { readonly colours: readonly [string, string, string]; readonly isUpright: boolean }

const stripes: Readonly<Record<string, Stripes>> = {
  nl: { colours: ['#ae1c28', '#fff', '#21468b'], isUpright: false },
  be: { colours: ['#000', '#fdda24', '#ef3340'], isUpright: true },
  de: { colours: ['#000', '#d00', '#ffce00'], isUpright: false },
  fr: { colours: ['#002654', '#fff', '#ce1126'], isUpright: true },
}

/** A country's flag by region id, drawn: letters of flags are missing on half of all machines. */
export function Flag({ region }: { readonly region: string }) {
  return (
    <svg className="flag" width="27" height="18" viewBox="0 0 27 18" aria-hidden="true">
      {drawing(region)}
    </svg>
  )
}

function drawing(region: string) {
  const striped = stripes[region]
  if (striped) {
    return striped.colours.map((fill, index) =>
      striped.isUpright ? (
        <rect key={fill} x={index * 9} width="9" height="18" fill={fill} />
      ) : (
        <rect key={fill} y={index * 6} width="27" height="6" fill={fill} />
      ),
    )
  }
  switch (region) {
    case 'es':
      return (
        <>
          <rect width="27" height="18" fill="#aa151b" />
          <rect y="4.5" width="27" height="9" fill="#f1bf00" />
        </>
      )
    case 'uk':
      return (
        <>
          <rect width="27" height="18" fill="#012169" />
          <path d="M0 0L27 18M27 0L0 18" stroke="#fff" strokeWidth="3.6" />
          <path d="M0 0L27 18M27 0L0 18" stroke="#c8102e" strokeWidth="1.6" />
          <path d="M13.5 0V18M0 9H27" stroke="#fff" strokeWidth="6" />
          <path d="M13.5 0V18M0 9H27" stroke="#c8102e" strokeWidth="3.4" />
        </>
      )
    case 'us':
      return (
        <>
          <rect width="27" height="18" fill="#fff" />
          {[0, 2, 4, 6, 8, 10, 12].map((row) => (
            <rect key={row} y={row * 1.385} width="27" height="1.385" fill="#b22234" />
          ))}
          <rect width="12" height="9.7" fill="#3c3b6e" />
        </>
      )
    default:
      return <rect width="27" height="18" fill="#868e96" />
  }
}
