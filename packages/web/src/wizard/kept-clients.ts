import { useQuery } from '@tanstack/react-query'
import { clientsQuery, type StoredClient } from '../api/clients.ts'
import { useApi, useMay } from '../session.tsx'

/** The clients that are kept for one place, as far as the caller may see them. */
export function useKeptClients(platform: string, region: string | null): readonly StoredClient[] {
  const { data } = useQuery({ ...clientsQuery(useApi()), enabled: useMay()('clients:read') })
  return (data ?? []).filter((client) => client.platform === platform && client.region === region)
}
