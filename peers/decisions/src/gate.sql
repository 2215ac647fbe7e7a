CREATE TABLE sellers (id text PRIMARY KEY, san_expires bigint NOT NULL, stopped boolean NOT NULL, caller_id text NOT NULL);
CREATE TABLE areas (code int PRIMARY KEY, state text NOT NULL, zone_offset int NOT NULL, opens int NOT NULL, closes int NOT NULL,
    closed boolean NOT NULL, cap int NOT NULL);
CREATE TABLE registrations (seller text, state text, expires bigint NOT NULL, PRIMARY KEY (seller, state));
CREATE TABLE consents (seller text, number bigint, id text NOT NULL, level text NOT NULL, granted bigint NOT NULL,
    artificial_voice boolean NOT NULL, purpose text NOT NULL, expires bigint, revoked bigint, PRIMARY KEY (number, seller));
CREATE TABLE dnc (seller text, number bigint, PRIMARY KEY (number, seller));
CREATE TABLE national (number bigint PRIMARY KEY);
CREATE TABLE caps (seller text, number bigint, since bigint NOT NULL, used int NOT NULL, PRIMARY KEY (number, seller));
CREATE TABLE decisions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, called bigint NOT NULL, seller text NOT NULL,
    at bigint NOT NULL, verdict text NOT NULL, reasons text[] NOT NULL, caller_id text NOT NULL, state text, consent text,
    listed boolean NOT NULL, used int NOT NULL);

-- May this number be called?
CREATE FUNCTION gate(a_number bigint, an_area int, a_seller text, a_now bigint, a_caller text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    s sellers; place areas; c consents; quota caps;
    reasons text[] := '{}'; minute int; written boolean := false; listed boolean; verdict text := 'deny';
BEGIN
    SELECT * INTO s FROM sellers WHERE id = a_seller;
    IF s.id IS NULL OR s.san_expires <= a_now THEN reasons := reasons || 'san-missing'::text; END IF;
    IF s.stopped THEN reasons := reasons || 'stopped'::text; END IF;
    IF s.caller_id IS DISTINCT FROM a_caller THEN reasons := reasons || 'caller-id-unknown'::text; END IF;

    SELECT * INTO place FROM areas WHERE code = an_area;
    IF place.code IS NULL THEN
        reasons := reasons || 'place-unknown'::text;
    ELSE
        minute := (a_now / 60 + place.zone_offset) % 1440;
        IF minute < place.opens OR minute >= place.closes OR place.closed THEN reasons := reasons || 'window-closed'::text; END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM registrations WHERE seller = a_seller AND state = place.state AND expires > a_now) THEN
        reasons := reasons || 'registration-missing'::text;
    END IF;

    SELECT * INTO c FROM consents WHERE number = a_number AND seller = a_seller;
    IF c.id IS NULL OR c.granted > a_now THEN reasons := reasons || 'consent-missing'::text;
    ELSIF c.revoked IS NOT NULL THEN reasons := reasons || 'consent-revoked'::text;
    ELSIF c.expires <= a_now THEN reasons := reasons || 'consent-expired'::text;
    ELSIF c.level <> 'express-written' OR NOT c.artificial_voice OR c.purpose <> 'telemarketing' THEN
        reasons := reasons || 'consent-level-too-low'::text;
    ELSE written := true;
    END IF;

    IF EXISTS (SELECT FROM dnc WHERE number = a_number AND seller = a_seller) THEN reasons := reasons || 'dnc-internal'::text; END IF;
    listed := EXISTS (SELECT FROM national WHERE number = a_number);
    IF listed AND NOT written THEN reasons := reasons || 'dnc-national'::text; END IF;

    -- Locked: two callers at once may not take the last one both.
    SELECT * INTO quota FROM caps WHERE number = a_number AND seller = a_seller FOR UPDATE;
    IF quota.since > a_now - 86400 AND quota.used >= place.cap THEN reasons := reasons || 'cap-reached'::text; END IF;

    IF cardinality(reasons) = 0 THEN
        verdict := 'allow';
        INSERT INTO caps VALUES (a_seller, a_number, a_now, 1) ON CONFLICT (number, seller) DO UPDATE
            SET used = CASE WHEN caps.since > a_now - 86400 THEN caps.used + 1 ELSE 1 END,
                since = CASE WHEN caps.since > a_now - 86400 THEN caps.since ELSE a_now END;
    END IF;
    INSERT INTO decisions (called, seller, at, verdict, reasons, caller_id, state, consent, listed, used)
        VALUES (a_number, a_seller, a_now, verdict, reasons, a_caller, place.state, c.id, listed, coalesce(quota.used, 0));
    RETURN verdict;
END $$;
