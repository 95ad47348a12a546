import { Alert, Anchor, Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Grant, Platform, WholeAnswer } from '../api/answers.ts'
import { type Problem, problemOf } from '../api/api-client.ts'
import {
  changeDatabase,
  createDatabaseKey,
  grantQuery,
  partitionsQuery,
  renameToFree,
  runQuery,
  tablesQuery,
} from '../api/calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Refusal } from '../parts/refusal.tsx'
import { ResultTable } from '../parts/result-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'
import { factsOf } from './platform-facts.ts'
import { nameFrom } from './read-pasted.ts'

const isOpen = ({ state }: Grant) => state === 'pending' || state === 'ambiguous'

/** What was made. While it is not certain whose credentials they are, it waits with the person. */
export function DonePanel(props: {
  readonly database: string
  readonly grant: Grant
  readonly platform: Platform
  readonly onAnother: () => void
}) {
  const { database, platform, onAnother } = props
  const { t } = useLanguage()
  const api = useApi()
  const { data: grant = props.grant } = useQuery({
    ...grantQuery(api, props.grant.id),
    initialData: props.grant,
    refetchInterval: (query) => (isOpen(query.state.data ?? props.grant) ? 3000 : false),
  })
  if (isOpen(grant)) {
    return (
      <>
        <PageHeading title={t('open.title')} />
        <Waiting text={t('open.body', { platform: platform.label, name: database })} />
      </>
    )
  }
  if (grant.state === 'needs_consent' || grant.state === 'misconfigured' || grant.state === 'revoked') {
    return (
      <>
        <PageHeading title={t('open.dead')} />
        <Refusal>
          <Text>{t(grant.state === 'misconfigured' ? 'next.client' : 'next.consent')}</Text>
          <Text lang="en">{grant.problem?.detail}</Text>
        </Refusal>
        <Button mt="md" onClick={onAnother}>
          {t('common.retry')}
        </Button>
      </>
    )
  }
  return <Ready database={database} grant={grant} platform={platform} onAnother={onAnother} />
}

function Ready(props: {
  readonly database: string
  readonly grant: Grant
  readonly platform: Platform
  readonly onAnother: () => void
}) {
  const { grant, platform, onAnother } = props
  const { t } = useLanguage()
  const { time, count } = useMoments()
  const api = useApi()
  const [name, setName] = useState(props.database)
  const [hasKey, setHasKey] = useState(false)
  const { data: partitions } = useQuery(partitionsQuery(api, props.database))
  const { data: tables } = useQuery(tablesQuery(api, props.database))
  const first = partitions?.[0]?.name
  const [title, setTitle] = useState<string | null>(null)
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => panel.current?.focus(), [])

  // The name is proposed by the first company, once; from then on it is the person's.
  const isProposed = useRef(false)
  useEffect(() => {
    if (partitions === undefined || isProposed.current) return
    isProposed.current = true
    const proposal = first ?? platform.label
    renameToFree(api, props.database, nameFrom(proposal), proposal)
      .then((free) => {
        setName(free)
        setTitle(proposal)
      })
      // A database with a plain name is as usable.
      .catch(() => setTitle(props.database))
  }, [api, partitions, first, platform.label, props.database])

  const user = grant.platformUser?.name ?? t('grant.unknownUser')
  return (
    <div ref={panel} tabIndex={-1} style={{ outline: 'none' }}>
      <PageHeading title={t('done.title')} />
      {partitions && tables && (
        <Text mb="md">
          {t('done.facts', { partitions: count(partitions.length), tables: count(tables.length), user })}
        </Text>
      )}
      <Stack gap="lg">
        {grant.refreshToken === null && grant.accessToken !== null && (
          <Alert color="yellow" variant="light">
            <Text>{t('done.until', { time: time(grant.accessToken.expiresAt) })}</Text>
            <Anchor component="button" type="button" onClick={onAnother}>
              {t('done.complete')}
            </Anchor>
          </Alert>
        )}
        {title === null ? (
          <Waiting />
        ) : (
          <>
            <NameForm
              key={name}
              name={name}
              title={title}
              isKeyed={hasKey}
              onNamed={setName}
              onTitle={setTitle}
            />
            <FirstQuery database={name} platform={platform} />
            <Connect database={name} onKey={() => setHasKey(true)} />
            <Group>
              <Button component={Link} to={`/databases/${name}`}>
                {t('done.open')}
              </Button>
              <Button variant="default" onClick={onAnother}>
                {t('done.another')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </div>
  )
}

function NameForm(props: {
  readonly name: string
  readonly title: string
  readonly isKeyed: boolean
  readonly onNamed: (name: string) => void
  readonly onTitle: (title: string) => void
}) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [name, setName] = useState(props.name)
  const [title, setTitle] = useState(props.title)
  const [said, setSaid] = useState<string | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const { name: now } = await changeDatabase(api, props.name, {
        name: nameFrom(name),
        title: title.trim(),
      })
      props.onTitle(title.trim())
      setSaid(t('done.saved'))
      void queries.invalidateQueries({ queryKey: ['databases'] })
      if (now !== props.name) props.onNamed(now)
    } catch (error) {
      const { code, detail } = problemOf(error)
      setSaid(code === 'DATABASE_NAME_TAKEN' ? t('done.nameTaken') : detail)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Group align="flex-end">
        <TextInput
          label={t('done.title.field')}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <TextInput
          label={t('done.name.field')}
          value={name}
          disabled={props.isKeyed}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          {t('common.save')}
        </Button>
      </Group>
      <Text size="sm" role="status">
        {props.isKeyed ? t('done.keyMade') : said}
      </Text>
    </form>
  )
}

/** The platform's first question, run by itself: a database that answers is one that works. */
function FirstQuery({ database, platform }: { readonly database: string; readonly platform: Platform }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const api = useApi()
  const sql = factsOf(platform.id)?.firstQuery
  const [answer, setAnswer] = useState<WholeAnswer | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [attempt, setAttempt] = useState(1)
  // Once an attempt, also where React mounts twice: each run costs calls.
  const ran = useRef(0)
  useEffect(() => {
    if (sql === undefined || ran.current === attempt) return
    ran.current = attempt
    setProblem(null)
    runQuery(api, database, sql).then(setAnswer, (error: unknown) => setProblem(problemOf(error)))
  }, [api, database, sql, attempt])
  if (sql === undefined) return null
  return (
    <Card withBorder component="section" aria-label={t('done.firstQuery')}>
      <Title order={2} size="h4" mb="xs">
        {t('done.firstQuery')}
      </Title>
      <CopyText label="SQL" text={sql} />
      {answer && (
        <>
          <Text size="sm" my="xs">
            {t('done.stats', {
              rows: count(answer.rows.length),
              calls: count(answer.stats.apiCalls),
              ms: count(Math.round(answer.stats.elapsedMs)),
            })}
          </Text>
          <ResultTable answer={answer} label={t('done.firstQuery')} />
        </>
      )}
      {problem && (
        <Stack mt="xs" gap="xs">
          <Text>{t('done.queryFailed')}</Text>
          <FaultAlert error={new Error(problem.detail)} onRetry={() => setAttempt(attempt + 1)} />
        </Stack>
      )}
      {!answer && !problem && <Waiting />}
    </Card>
  )
}

function Connect({ database, onKey }: { readonly database: string; readonly onKey: () => void }) {
  const { t } = useLanguage()
  const api = useApi()
  const [key, setKey] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const address = `${location.origin}/api/v1/databases/${encodeURIComponent(database)}/query`
  const example = [
    `curl ${address}`,
    "-H 'Authorization: Bearer <key>'",
    "-H 'Content-Type: application/json'",
    `-d '{"sql":"SELECT count(*) FROM crm.Accounts"}'`,
  ].join(' \\\n  ')
  const make = async () => {
    try {
      setError(null)
      setKey(await createDatabaseKey(api, database, database))
      onKey()
    } catch (fault) {
      setError(fault)
    }
  }
  return (
    <Card withBorder component="section" aria-label={t('done.connect')}>
      <Title order={2} size="h4" mb="xs">
        {t('done.connect')}
      </Title>
      <Stack gap="sm">
        <Text size="sm">{t('done.address')}</Text>
        <CopyText label={t('done.address')} text={address} />
        <Text size="sm">{t('done.example')}</Text>
        <CopyText label={t('done.example')} text={example} />
        {key === null ? (
          <Group>
            <Button variant="default" onClick={() => void make()}>
              {t('done.makeKey')}
            </Button>
            <Text size="sm">{t('done.keyHelp')}</Text>
          </Group>
        ) : (
          <>
            <Alert color="yellow" variant="light">
              {t('done.keyOnce')}
            </Alert>
            <CopyText label={t('login.key')} text={key} />
          </>
        )}
        {error !== null && <FaultAlert error={error} />}
      </Stack>
    </Card>
  )
}
