-- The public halves of people's passkeys: nothing here logs anybody in.
CREATE TABLE person_passkey (
  id text PRIMARY KEY,
  person_id text NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  name text,
  public_key text NOT NULL,
  -- Chosen by the authenticator; a second row with the same one could be another person's way in.
  credential_id text NOT NULL UNIQUE,
  counter bigint NOT NULL,
  device_type text NOT NULL,
  backed_up boolean NOT NULL,
  transports text,
  aaguid text,
  created_at timestamptz
);
CREATE INDEX person_passkey_person ON person_passkey (person_id);
