-- The end of a chain by the index alone: before, every row of the chain was read for each call.
DO $do$
BEGIN
    EXECUTE format($make$
        CREATE OR REPLACE FUNCTION audit_head(of_replica TEXT)
        RETURNS TABLE (head_seq BIGINT, head_hash TEXT)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp AS $function$
            SELECT ends.seq, ends.hash FROM (
                (SELECT kept.seq, kept.hash FROM audit AS kept WHERE kept.replica = of_replica ORDER BY kept.seq DESC LIMIT 1)
                UNION ALL SELECT gone.seq, gone.hash FROM audit_checkpoints AS gone WHERE gone.replica = of_replica
            ) AS ends ORDER BY ends.seq DESC LIMIT 1;
        $function$
    $make$, current_schema());
END;
$do$;
