-- Calls under way where a platform counts errors: each may become one. An entry is the moment until which it counts, as a
-- number that no other has. Without a log: what was under way when the database fell is over when it is back.
CREATE UNLOGGED TABLE call_in_flight (
  grant_id text NOT NULL,
  client_id text NOT NULL,
  partition text NOT NULL,
  endpoint text NOT NULL,
  entries bigint[] NOT NULL,
  PRIMARY KEY (grant_id, client_id, partition, endpoint)
) WITH (fillfactor = 50);

CREATE UNLOGGED SEQUENCE call_in_flight_entry CYCLE MAXVALUE 999999;

-- Enters a call if it may be made, and tells the errors that count. Its first statement takes the row, so that calls to
-- one place are judged one after another; the second sees what was committed before that: a call which became an error
-- meanwhile is seen as one or as the other, never as neither. A call that may not be made was never seen by others.
CREATE FUNCTION enter_call(
  of_grant text, of_client text, of_partition text, of_endpoint text,
  this_now bigint, until bigint, since bigint, most integer, this_request text
) RETURNS TABLE (entry text, at bigint, request text, kind text, text text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  own bigint := until * 1000000 + nextval('call_in_flight_entry');
  others integer;
  errors integer;
  is_known boolean;
BEGIN
  INSERT INTO call_in_flight AS f (grant_id, client_id, partition, endpoint, entries)
  VALUES (of_grant, of_client, of_partition, of_endpoint, ARRAY[own])
  ON CONFLICT (grant_id, client_id, partition, endpoint) DO UPDATE
    SET entries = array(SELECT known FROM unnest(f.entries) AS known WHERE known / 1000000 > this_now) || own
  RETURNING cardinality(entries) - 1 INTO others;
  SELECT count(*), coalesce(bool_or(e.request = this_request AND e.kind <> 'counted'), false) INTO errors, is_known
  FROM call_error e
  WHERE e.grant_id = of_grant AND e.client_id = of_client AND e.partition = of_partition
    AND e.endpoint = of_endpoint AND e.at > since;
  IF NOT is_known AND errors + others < most - 1 THEN
    RETURN QUERY SELECT own::text, NULL::bigint, NULL::text, NULL::text, NULL::text;
    RETURN;
  END IF;
  UPDATE call_in_flight f SET entries = array_remove(f.entries, own)
  WHERE f.grant_id = of_grant AND f.client_id = of_client AND f.partition = of_partition AND f.endpoint = of_endpoint;
  RETURN QUERY
    SELECT NULL::text, e.at, e.request, e.kind, e.text FROM call_error e
    WHERE e.grant_id = of_grant AND e.client_id = of_client AND e.partition = of_partition
      AND e.endpoint = of_endpoint AND e.at > since
    ORDER BY e.at DESC LIMIT most;
END $$;
