-- Every index is a page that each decision writes anew. Those that hold nothing for most rows leave such rows out; those
-- that only a start asks are gone.

DROP INDEX events_clock;
CREATE INDEX events_clock ON events (seq) WHERE clock = 'test';

DROP INDEX events_call;
CREATE INDEX events_call ON events (json_extract(subject, '$.call'), seq)
    WHERE json_extract(subject, '$.call') IS NOT NULL;

DROP INDEX events_campaign;
CREATE INDEX events_campaign ON events (json_extract(subject, '$.campaign'), seq)
    WHERE json_extract(subject, '$.campaign') IS NOT NULL;

DROP INDEX decisions_clock;

DROP INDEX attempts_lead;
CREATE INDEX attempts_lead ON attempts (lead) WHERE lead IS NOT NULL;
