/** Whether a result of a run says anything: putting back is no migration, and `unchanged` alone means that nothing was to be done. */
const TELLS = `r.kind <> 'undo' AND t.outcome <> 'left' AND NOT (t.outcome = 'unchanged' AND t.findings = '[]')`

/**
 * Brings `latest` up to date with results, which must come in the order in which they were told: one statement for both
 * databases. A run that tells a failure of the same user twice, after it was cut off, counts it once. The step of each schema
 * that makes the table fills it with this: who changes it after a release writes out there what it was.
 *
 * @param group the id of the group of run `r`, in the words of the database
 * @param which of the results `t`
 */
export const foldInto = (group: string, which: string): string => `
  INSERT INTO latest (tenant_id, scope, "user", user_principal_name, source, run, outcome, findings, at, failures, stands)
  SELECT r.tenant_id, coalesce(${group}, ''), t."user", t.user_principal_name,
      CASE WHEN ${TELLS} THEN t.source END,
      CASE WHEN ${TELLS} THEN t.run END,
      CASE WHEN ${TELLS} THEN t.outcome END,
      CASE WHEN ${TELLS} THEN t.findings END,
      CASE WHEN ${TELLS} THEN t.at END,
      CASE WHEN r.kind = 'undo' THEN NULL WHEN t.outcome = 'left' THEN 0
           WHEN t.outcome IN ('failed', 'partly') THEN CASE WHEN r.kind = 'sync' THEN 1 END ELSE 0 END,
      CASE WHEN t.outcome IN ('migrated', 'unchanged') THEN CASE WHEN r.kind = 'undo' THEN 'put-back'
             WHEN t.outcome = 'unchanged' AND t.findings LIKE '%"nothing-to-carry"%' THEN 'nothing-to-carry' ELSE 'migrated' END
           WHEN t.outcome IN ('partly', 'unmatched', 'disabled', 'left') THEN t.outcome ELSE 'failed' END
  FROM results AS t JOIN runs AS r ON r.id = t.run WHERE ${which}
  ON CONFLICT (tenant_id, scope, "user") DO UPDATE SET
      user_principal_name = excluded.user_principal_name,
      source = CASE WHEN excluded.run IS NULL THEN latest.source ELSE excluded.source END,
      run = coalesce(excluded.run, latest.run),
      outcome = coalesce(excluded.outcome, latest.outcome),
      findings = coalesce(excluded.findings, latest.findings),
      at = coalesce(excluded.at, latest.at),
      failures = CASE
        WHEN excluded.failures IS NULL THEN latest.failures
        WHEN excluded.failures = 0 THEN 0
        WHEN latest.run = excluded.run AND latest.failures > 0 THEN latest.failures
        ELSE coalesce(latest.failures, 0) + 1 END,
      stands = CASE WHEN latest.stands = 'nothing-to-carry' AND excluded.stands = 'migrated' AND excluded.run IS NULL
        THEN latest.stands ELSE excluded.stands END`
